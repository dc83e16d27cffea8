using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Who can be asked when something is open.</summary>
internal interface IQuestions
{
    /// <summary>Asks for the password of a network.</summary>
    /// <exception cref="UserException">There is no terminal to ask at.</exception>
    string WifiPassword(string ssid);

    /// <summary>Asks whether a place is really to be added to those where the broker is found.</summary>
    /// <exception cref="UserException">It is not, or there is no terminal to ask at.</exception>
    void ConfirmBroker(BrokerUri added, IReadOnlyList<BrokerUri> known);
}
