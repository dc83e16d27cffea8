using System;
using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Time;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// The thread that drives a connection, because a connect blocks: the only thread that the library starts.
    /// </summary>
    public sealed class ConnectionWorker
    {
        /// <summary>The longest time between two polls, in milliseconds.</summary>
        public const int MaxWaitMs = 60000;

        /// <summary>How long to pause after an unforeseen fault, in milliseconds.</summary>
        public const int FaultPauseMs = 1000;

        private const int NoThread = -1;

        private readonly MqttConnection _connection;
        private readonly IClock _clock;
        private readonly ILogger _logger;
        private readonly ManualResetEvent _ended = new ManualResetEvent(true);
        private readonly AutoResetEvent _stopping = new AutoResetEvent(false);
        private readonly object _lock = new object();
        private bool _isRunning;
        private int _threadId = NoThread;

        /// <summary>Initializes a new instance of the <see cref="ConnectionWorker"/> class.</summary>
        /// <param name="connection">What to drive.</param>
        /// <param name="clock">The time.</param>
        /// <param name="logger">Hears of faults.</param>
        public ConnectionWorker(MqttConnection connection, IClock clock, ILogger logger)
        {
            _connection = connection;
            _clock = clock;
            _logger = logger;
        }

        /// <summary>Gets how many exceptions reached the top of the thread; it goes on after each.</summary>
        public int Faults { get; private set; }

        /// <summary>Gets or sets what keeps them, or <see langword="null"/>.</summary>
        public IFaultRecorder Recorder { get; set; }

        /// <summary>
        /// Opens the connection and starts to drive it; a thread that <see cref="Stop"/> did not wait for goes on with
        /// it.
        /// </summary>
        public void Start()
        {
            lock (_lock)
            {
                _stopping.Reset();
                _connection.Open();
                if (!_isRunning)
                {
                    _isRunning = true;
                    _ended.Reset();
                    new Thread(Run).Start();
                }
            }
        }

        /// <summary>
        /// Closes the connection cleanly and waits for the thread to end; on that thread itself it does not wait.
        /// </summary>
        /// <param name="timeoutMs">The longest to wait, in milliseconds.</param>
        /// <returns><see langword="false"/> when the thread is still busy, for example in a connect.</returns>
        public bool Stop(int timeoutMs)
        {
            _connection.BeginClose();
            _stopping.Set();
            return Thread.CurrentThread.ManagedThreadId != _threadId && _ended.WaitOne(timeoutMs, false);
        }

        private void Run()
        {
            _threadId = Thread.CurrentThread.ManagedThreadId;
            bool isWanted = true;
            while (isWanted)
            {
                try
                {
                    isWanted = IsWanted();
                    int waitMs = isWanted ? Step() : 0;
                    if (waitMs > 0 && _connection.IsOpen)
                    {
                        _connection.Wake.WaitOne(waitMs, false);
                    }
                }
                catch (Exception)
                {
                    // There was no memory even for the call; the thread must not end for it.
                }
            }
        }

        private bool IsWanted()
        {
            lock (_lock)
            {
                if (!_connection.IsOpen)
                {
                    _isRunning = false;
                    _threadId = NoThread;
                    _ended.Set();
                }

                return _isRunning;
            }
        }

        private int Step()
        {
            try
            {
                long waitMs = _connection.Poll() - _clock.NowMs;
                return waitMs > MaxWaitMs ? MaxWaitMs : (int)waitMs;
            }
            catch (Exception e)
            {
                Faults++;
                Report(e);
                EndLink(e);
                // not the connection's event: what arrives must not cut the pause short
                _stopping.WaitOne(FaultPauseMs, false);
                return 0;
            }
        }

        private void EndLink(Exception fault)
        {
            try
            {
                _connection.EndLink("the device has a fault, " + MqttLinkResult.Describe(fault));
            }
            catch (Exception e)
            {
                Report(e);
            }
        }

        private void Report(Exception e)
        {
            try
            {
                if (Recorder != null)
                {
                    Recorder.Record("connection", e);
                }

                _logger.Log(
                    LogLevel.Error, null, "fault of the connection, which goes on: " + MqttLinkResult.Describe(e));
            }
            catch (Exception)
            {
                // No memory left to say it in; the thread goes on all the same.
            }
        }
    }
}
