using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli;

/// <summary>Asks at the terminal; where there is none, says what answers beforehand.</summary>
internal sealed class Questions(TextWriter output, bool isNewBrokerMeant) : IQuestions
{
    public const string PasswordVariable = "DEVICEQUEUE_WIFI_PASSWORD";
    public const string NewBrokerOption = "--new-broker";

    public string WifiPassword(string ssid)
    {
        string network = Plain.Text(ssid);
        if (Console.IsInputRedirected)
        {
            throw new UserException($"the password of the Wi-Fi '{network}' is needed: "
                + $"--wifi-password-file FILE, or the variable {PasswordVariable}");
        }

        output.Write($"Password of the Wi-Fi '{network}' (not shown; empty: an open network): ");
        List<char> typed = [];
        for (ConsoleKeyInfo key = ReadKey(); key.Key != ConsoleKey.Enter; key = ReadKey())
        {
            if (key.Key == ConsoleKey.Backspace && typed.Count > 0)
            {
                typed.RemoveAt(typed.Count - 1);
            }
            else if (key.KeyChar >= ' ')
            {
                typed.Add(key.KeyChar);
            }
        }

        output.WriteLine();
        return new string([.. typed]);
    }

    public void ConfirmBroker(BrokerUri added, IReadOnlyList<BrokerUri> known)
    {
        if (isNewBrokerMeant)
        {
            return;
        }

        string places = string.Join(" and ", known);
        if (Console.IsInputRedirected)
        {
            throw new UserException($"the broker of this fleet is at {places}. {NewBrokerOption} adds {added} to it; "
                + "nothing was changed");
        }

        output.Write($"The broker of this fleet is at {places}. Is it to be found at {added}, too? (y/n) ");
        if (Console.ReadLine()?.Trim().ToLowerInvariant() is not ("y" or "yes"))
        {
            throw new UserException("nothing was changed");
        }
    }

    private static ConsoleKeyInfo ReadKey() => Console.ReadKey(intercept: true);
}
