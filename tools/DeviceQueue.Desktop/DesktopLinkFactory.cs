using DeviceQueue.Mqtt;

namespace DeviceQueue.Desktop;

/// <summary>Makes links over MQTTnet's packets.</summary>
/// <param name="connectTimeoutMs">How long TCP with TLS, and then CONNACK, may each take:
/// <c>options.connect_timeout</c>.</param>
public sealed class DesktopLinkFactory(
    int connectTimeoutMs = DesktopLinkFactory.DefaultConnectTimeoutMs) : IMqttLinkFactory
{
    public const int DefaultConnectTimeoutMs = 30_000;

    public IMqttLink Create(AutoResetEvent wake) => new DesktopLink(wake, TimeSpan.FromMilliseconds(connectTimeoutMs));
}
