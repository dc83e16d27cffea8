using System.Net.Sockets;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceQueue.SystemTests.M2Mqtt;

public sealed class Connect_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public void The_constructor_looks_the_host_up_and_throws()
    {
        using TestBoard board = new();

        Assert.Throws<SocketException>(() => board.Run(() => new MqttClient("broker.invalid")));
    }

    [Fact]
    public void The_broker_sees_id_session_keepalive_and_will()
    {
        using Observer observer = new(fixture.Broker, "will");
        string id = fixture.NewName();
        using TestClient test = new(fixture.Broker.Port);

        Assert.Equal(
            MqttReasonCode.Success,
            test.Board.Run(
                () => test.Client.Connect(
                    id, "me", "secret", true, MqttQoSLevel.AtLeastOnce, true, "will", "offline", false, 15)));

        Assert.True(
            SpinWait.SpinUntil(
                () => fixture.Broker.Log.Any(line => line.Contains($"as {id} (p2, c0, k15, u'me')")), Patience.Bound));
        Assert.Equal(id, test.Client.ClientId);
        Assert.True(test.Board.Run(() => test.Client.IsConnected));
        test.Board.Run(test.Client.Close);
        Assert.Equal("offline", observer.WaitFor(message => message.Topic == "will").Text);
    }

    [Fact]
    public void Nobody_listening_throws_with_the_socket_error_and_may_be_tried_again()
    {
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new(proxy.Port);
        proxy.RefuseConnections();

        MqttConnectionException e = Assert.Throws<MqttConnectionException>(() => test.Connected("refused"));

        Assert.Equal("Socket exception connecting to the broker: 10061", e.Message);
        proxy.AcceptConnections();
        test.Connected("accepted");
    }

    [Fact]
    public void No_CONNACK_throws_after_30_seconds()
    {
        Assert.Equal(30_000, MqttSettings.DefaultTimeout);
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new(
            proxy.Port, client => Assert.Equal(MqttSettings.DefaultTimeout, client.Settings.TimeoutOnReceiving));
        test.Client.Settings.TimeoutOnReceiving = 500;
        proxy.Freeze();

        Assert.Throws<MqttCommunicationException>(() => test.Connected("silent"));
        test.Board.Run(test.Client.Close);
    }

    [Fact]
    public void A_refusal_returns_the_return_code_of_MQTT_3_1_1_and_Close_cleans_up()
    {
        using MosquittoBroker broker = MosquittoBroker.Start(new MosquittoBrokerOptions { AllowAnonymous = false });
        using TestClient test = new(broker.Port);

        Assert.Equal(
            MqttReasonCode.ConnectionRefusedNotAuthorized,
            test.Board.Run(() => test.Client.Connect("stranger", "me", "wrong")));

        Assert.False(test.Board.Run(() => test.Client.IsConnected));
        test.Board.Run(test.Client.Close);
        Assert.Empty(test.Closed.Items);
    }

    [Fact]
    public async Task A_retained_will_without_a_will_never_returns()
    {
        using TestClient test = new(fixture.Broker.Port);

        Task<MqttReasonCode> connect = test.Board.Start(
            () => test.Client.Connect("stuck", null, null, true, MqttQoSLevel.AtMostOnce, false, null, null, true, 60));

        await connect.StaysUnfinished(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_client_connects_once()
    {
        using TestClient test = new TestClient(fixture.Broker.Port).Connected(fixture.NewName());
        test.Board.Run(test.Client.Close);

        Assert.Throws<NotSupportedException>(() => test.Connected(fixture.NewName()));
    }

    [Fact]
    public void Boards_do_not_share_settings()
    {
        using TestBoard one = new();
        using TestBoard other = new();

        one.Run(() => MqttSettings.Instance.ValidateServerCertificate = false);

        Assert.False(one.Run(() => MqttSettings.Instance.ValidateServerCertificate));
        Assert.True(other.Run(() => MqttSettings.Instance.ValidateServerCertificate));
    }
}
