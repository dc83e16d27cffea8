using System.Runtime.CompilerServices;
using VirtualBoard;

namespace nanoFramework.M2Mqtt;

/// <summary>The settings that all clients of a board share.</summary>
public class MqttSettings
{
    public const int BrokerDefaultPort = 1883;
    public const int BrokerDefaultSslPort = 8883;
    public const int DefaultTimeout = 30000;
    public const int MaximumAttemptsRetry = 3;
    public const int DefaultDelayRetry = 1000;
    public const int ConnectTimeout = 30000;
    public const int DefaultInflightQueueSize = int.MaxValue;

    private static readonly ConditionalWeakTable<object, MqttSettings> Boards = [];
    private static readonly object NoBoard = new();

    private MqttSettings()
    {
    }

    /// <summary>Gets the one instance of the calling thread's board; a boot starts with a new one.</summary>
    public static MqttSettings Instance
    {
        get
        {
            Board.Checkpoint();
            return Board.TryGetCurrent(out Board? board)
                ? Boards.GetValue(board, Create)
                : Boards.GetValue(NoBoard, static _ => new MqttSettings());
        }
    }

    public int Port { get; internal set; } = BrokerDefaultPort;

    public int SslPort { get; internal set; } = BrokerDefaultSslPort;

    public int TimeoutOnConnection { get; } = ConnectTimeout;

    public int TimeoutOnReceiving { get; internal set; } = DefaultTimeout;

    public int AttemptsOnRetry { get; } = MaximumAttemptsRetry;

    public int DelayOnRetry { get; } = DefaultDelayRetry;

    /// <summary>
    /// Gets or sets how much may be in flight; once that is reached Publish throws, and Subscribe and incoming messages
    /// are lost without a word.
    /// </summary>
    public int InflightQueueSize { get; set; } = DefaultInflightQueueSize;

    public bool ValidateServerCertificate { get; set; } = true;

    private static MqttSettings Create(object key)
    {
        Board board = (Board)key;
        board.PowerLost += Forget;
        return new MqttSettings();

        void Forget()
        {
            board.PowerLost -= Forget;
            Boards.Remove(board);
        }
    }
}
