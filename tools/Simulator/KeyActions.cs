using Brokers;
using DeviceQueue.Desktop;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.NanoFramework;
using VirtualBoard;

namespace Simulator;

/// <summary>What the keys do to the board and its world; each says what it did.</summary>
internal sealed class KeyActions(Board board, BoardView view, Action powerOn)
{
    public const string Legend =
        "  [bold]t[/] relay  [bold]p[/] pulse  [bold]b[/] broker  [bold]w[/] Wi-Fi  [bold]s[/] sensor  "
        + "[bold]r[/] reset  [bold]c[/] power  [bold]q[/] quit";

    private const int PulseMs = 2000;

    /// <summary>Gets the broker that can be switched off, or null when it is not ours.</summary>
    public IPrivateBroker? Broker { get; init; }

    /// <summary>Gets the client that commands are sent through, or null when there is none.</summary>
    public BrokerObserver? Observer { get; init; }

    /// <summary>
    /// Gets what unplugs the sensor or plugs it in, and says whether it is unplugged; null without a sensor.
    /// </summary>
    public Func<bool>? ToggleSensor { get; init; }

    /// <summary>Gets the output that is switched, or null when there is none.</summary>
    public string? Output { get; init; }

    /// <summary>Gets what signs commands, or null when the device has no key.</summary>
    public byte[]? CommandKey { get; init; }

    public bool IsBrokerOff { get; private set; }

    public bool IsWifiOff => !board.Network.WifiAvailable;

    /// <summary>Does what a key is for.</summary>
    /// <returns>False for the key that ends the run.</returns>
    public bool Press(char key)
    {
        switch (char.ToLowerInvariant(key))
        {
            case 't':
                Send("t", "output.toggle", $"{{\"name\":\"{Output}\"}}");
                break;
            case 'p':
                Send("p", "output.pulse", $"{{\"name\":\"{Output}\",\"ms\":{PulseMs}}}");
                break;
            case 'b':
                SwitchBroker();
                break;
            case 'w':
                board.Network.WifiAvailable = IsWifiOff;
                view.Note(IsWifiOff ? "w: Wi-Fi is off; w brings it back" : "w: Wi-Fi is back");
                break;
            case 's':
                Unplug();
                break;
            case 'r':
                Reset();
                break;
            case 'c':
                SwitchPower();
                break;
            case 'q':
                return false;
        }

        return true;
    }

    private void Send(string key, string type, string arguments)
    {
        string? reason = Output == null ? "the board has no output"
            : Observer == null ? "the broker knows this board by its own credentials; use tools/devicequeue send"
            : IsBrokerOff ? "the broker is off"
            : null;
        if (reason == null)
        {
            MessageEnvelope command = new(key, type, arguments)
            {
                MessageId = Guid.NewGuid().ToString("N"),
                SentTime = DateTime.UtcNow + board.Clock.WorldOffset,
            };
            if (CommandKey != null)
            {
                byte[] input = EnvelopeCodec.MakeSigningInput(view.Id, command);
                command.Signature = Convert.ToHexStringLower(new HmacSha256(CommandKey).Compute(input));
            }

            byte[] buffer = new byte[1024];
            int length = new EnvelopeCodec().Encode(command, command.MessageId, command.SentTime, buffer, 0);
            bool isSent = Observer!.TryPublish(new DeviceTopics(view.Id).Command, buffer[..length]);
            reason = isSent ? null : "there is no connection to the broker";
        }

        string wait = view.IsConnected ? "" : "; the broker keeps it until the board connects";
        view.Note(reason == null ? $"{key}: sent {type} {arguments}{wait}" : $"{key}: nothing sent: {reason}");
    }

    private void SwitchBroker()
    {
        if (Broker == null)
        {
            view.Note("b: this broker is not ours to switch");
            return;
        }

        try
        {
            IsBrokerOff = !IsBrokerOff;
            if (IsBrokerOff)
            {
                Broker.Kill();
                view.Note("b: the broker is off; b brings it back");
            }
            else
            {
                Broker.Restart();
                view.Note("b: the broker is back");
            }
        }
        catch (InvalidOperationException e)
        {
            IsBrokerOff = true;
            view.Note($"b: the broker does not come back: {e.Message}");
        }
    }

    private void Unplug()
    {
        if (ToggleSensor == null)
        {
            view.Note("s: the board has no sensor");
            return;
        }

        view.Note(ToggleSensor() ? "s: the sensor is unplugged; s plugs it in" : "s: the sensor is plugged in");
    }

    private void Reset()
    {
        if (board.IsOn || view.IsAsleep)
        {
            view.Note("r: the reset line was pulled; the board boots");
            board.Reset();
        }
        else
        {
            view.Note("r: the board has no power; c brings it back");
        }
    }

    private void SwitchPower()
    {
        if (board.IsOn || view.IsAsleep)
        {
            board.PowerOff();
            view.Note("c: the power is cut; c brings it back");
            view.OnPower(false);
        }
        else
        {
            view.Note("c: the power is back");
            powerOn();
        }
    }
}
