using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Mosquitto;

/// <summary>
/// One MQTT 3.1.1 connection over libmosquitto, from connect to end; it does not reconnect. Its events are raised on
/// its own thread, in order, after what is owed to the broker (a PUBACK) has been written; their handlers must not
/// throw or block.
/// </summary>
public sealed unsafe class MosquittoClient : IDisposable
{
    private const int TcpNoDelay = 11;
    private const int AutomaticKeepaliveCheckMs = 1000;
    private const int LogLevelError = 8;
    private const int LookupFailed = 15;
    private const int SystemError = 14;
    private const int TlsError = 8;

    private readonly MosquittoOptions _options;
    private readonly Thread _thread;
    private readonly SocketWait _wait = new();
    private readonly Lock _native = new();
    private readonly List<Happening> _happenings = [];
    private readonly Dictionary<int, TaskCompletionSource<int[]?>> _waiting = [];
    private readonly TaskCompletionSource<ConnectResult> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ConnectResult> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _parked = new();
    private readonly ManualResetEventSlim _stop = new();
    private GCHandle _self;
    private nint _client;
    private TlsVerdict? _verdict;
    private string _lastError = "";
    private long _lastRead;
    private long _lastWritten;
    private int _awaited;
    private int _unwritten;
    private bool _started;
    private bool _closedRaised;
    private volatile bool _frozen;
    private volatile bool _keepaliveDue;
    private volatile bool _abort;
    private volatile bool _connecting;

    /// <exception cref="DllNotFoundException">libmosquitto is not installed; the text says what to install.</exception>
    public MosquittoClient(MosquittoOptions options)
    {
        _options = options;
        _self = GCHandle.Alloc(this);
        _client = MosquittoLibrary.New(options.ClientId, options.CleanSession, GCHandle.ToIntPtr(_self));
        if (_client == 0)
        {
            _self.Free();
            throw new ArgumentException("A client id must not be empty, nor absent without a clean session.", nameof(options));
        }

        SetOptions();
        SetCallbacks();
        _thread = new Thread(Run) { IsBackground = true, Name = $"mosquitto {options.ClientId}" };
    }

    /// <summary>Raised with the id that Publish returned: QoS 0 once written, QoS 1 and 2 once acknowledged.</summary>
    public event Action<int>? Published;

    /// <summary>
    /// Raised with the id that Subscribe returned and the QoS granted for each filter, 128 for a refused one.
    /// </summary>
    public event Action<int, int[]>? Subscribed;

    public event Action<int>? Unsubscribed;

    public event Action<MosquittoMessage>? MessageReceived;

    /// <summary>
    /// Raised after the others, as many as one read or write brought about: what they collect can be handed on at once.
    /// </summary>
    public event Action? BatchEnded;

    /// <summary>
    /// Raised once when an open connection ends, with libmosquitto's code (0: by our own DISCONNECT) and its text.
    /// </summary>
    public event Action<int, string>? Disconnected;

    /// <summary>
    /// Asked for each incoming message on libmosquitto's thread, before the PUBACK is written, with topic and packet
    /// size; false ends the connection there, with the message unacknowledged. Must not throw.
    /// </summary>
    public Func<string, int, bool>? AcceptMessage { get; init; }

    /// <summary>
    /// Asked before each read; while it is false nothing is read, so that TCP holds the broker back, and what is due is
    /// still written. Must not throw or block; <see cref="ResumeReading"/> says that it may be true again.
    /// </summary>
    public Func<bool>? MayRead { get; init; }

    /// <summary>Gets when something last came from the broker, as a <see cref="Stopwatch"/> timestamp.</summary>
    public long LastRead => Volatile.Read(ref _lastRead);

    /// <summary>
    /// Gets when something was last written to the broker, as a <see cref="Stopwatch"/> timestamp taken after the
    /// write.
    /// </summary>
    public long LastWritten => Volatile.Read(ref _lastWritten);

    /// <summary>
    /// Gets a value indicating whether TCP was up when <see cref="Open"/> ended in a timeout: then it was the TLS
    /// handshake that hung.
    /// </summary>
    public bool IsPastTcp => _started && !_connecting;

    /// <summary>Looks the host up, connects and shakes hands; the CONNECT packet goes out with it.</summary>
    /// <returns>Accepted once the transport is open.</returns>
    public ConnectResult Open(TimeSpan timeout)
    {
        if (_started)
        {
            throw new InvalidOperationException("A MosquittoClient connects once.");
        }

        if (_frozen)
        {
            return _opened.Task.Result;
        }

        _started = true;
        _connecting = true;

        // Not as part of whatever flow of control opens it: a virtual board must not take this thread for one of its
        // own.
        _thread.UnsafeStart();
        return Await(_opened, timeout);
    }

    /// <summary>Waits for the broker's answer to CONNECT.</summary>
    public ConnectResult WaitForConnack(TimeSpan timeout) => Await(_answered, timeout);

    /// <summary>Opens the connection and waits for the broker's answer, each for at most the time given.</summary>
    public ConnectResult Connect(TimeSpan timeout)
    {
        ConnectResult opened = Open(timeout);
        return opened.IsAccepted ? WaitForConnack(timeout) : opened;
    }

    /// <summary>Queues a message and returns its id, without ever blocking.</summary>
    /// <exception cref="MosquittoException">The topic is not valid, or there is no connection.</exception>
    public int Publish(string topic, ReadOnlySpan<byte> payload, int qos, bool retain)
    {
        lock (_native)
        {
            return PublishCore(topic, payload, qos, retain);
        }
    }

    /// <summary>
    /// Publishes, and completes with true once acknowledged or with false when the connection ends first.
    /// </summary>
    public Task<bool> PublishAsync(string topic, byte[] payload, int qos, bool retain)
    {
        lock (_native)
        {
            _awaited++; // before the acknowledgement can be there
            Task<int[]?> acknowledged = WaitFor(PublishCore(topic, payload, qos, retain));
            return acknowledged.ContinueWith(task => task.Result != null, TaskScheduler.Default);
        }
    }

    /// <summary>Asks for messages and returns the request's id.</summary>
    /// <exception cref="MosquittoException">A filter is not valid, or there is no connection.</exception>
    public int Subscribe(IReadOnlyList<string> filters, int qos)
    {
        lock (_native)
        {
            return SubscribeCore(filters, qos, subscribe: true);
        }
    }

    /// <summary>
    /// Subscribes, and completes with the QoS granted for each filter, or with null when the connection ends first.
    /// </summary>
    public Task<int[]?> SubscribeAsync(IReadOnlyList<string> filters, int qos)
    {
        lock (_native)
        {
            _awaited++;
            return WaitFor(SubscribeCore(filters, qos, subscribe: true));
        }
    }

    /// <exception cref="MosquittoException">A filter is not valid, or there is no connection.</exception>
    public int Unsubscribe(IReadOnlyList<string> filters)
    {
        lock (_native)
        {
            return SubscribeCore(filters, 0, subscribe: false);
        }
    }

    /// <summary>
    /// Sends PINGREQ if nothing was sent for a keepalive, or ends the connection if an earlier PINGREQ found no answer.
    /// </summary>
    public void CheckKeepalive()
    {
        _keepaliveDue = true;
        Wake();
    }

    /// <summary>Asks <see cref="MayRead"/> again.</summary>
    public void ResumeReading() => Wake();

    /// <summary>Sends DISCONNECT behind all that is queued, and waits for it to be written.</summary>
    public void Disconnect(TimeSpan timeout)
    {
        lock (_native)
        {
            if (_client == 0 || MosquittoLibrary.Disconnect(_client) != 0)
            {
                return;
            }
        }

        Wake();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join(timeout);
        }
    }

    /// <summary>
    /// Goes silent with the socket left open, as a peer that lost its power does: not a byte is written from the moment
    /// this returns.
    /// </summary>
    public void Freeze()
    {
        _frozen = true;
        ConnectResult frozen = new(ConnectStatus.Closed, 0, "The client was frozen.");
        _opened.TrySetResult(frozen);
        _answered.TrySetResult(frozen);
        Wake();
        if (_started && !_connecting && Thread.CurrentThread != _thread)
        {
            _parked.Wait(TimeSpan.FromSeconds(5));
        }
    }

    /// <summary>Closes the socket without a DISCONNECT, so that the broker publishes the will.</summary>
    public void Dispose()
    {
        _stop.Set();
        if (!_started)
        {
            Release();
            return;
        }

        Wake();

        // A look-up or a TCP connect under way cannot be cut short: the thread cleans up after it.
        if (!_connecting && Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private static ConnectResult Await(TaskCompletionSource<ConnectResult> source, TimeSpan timeout) =>
        source.Task.Wait(timeout) ? source.Task.Result : new ConnectResult(ConnectStatus.TimedOut, (int)SocketError.TimedOut, "Timed out.");

    private static void Check(int code)
    {
        if (code != 0)
        {
            throw new MosquittoException(code);
        }
    }

    private void SetOptions()
    {
        Check(MosquittoLibrary.SetThreaded(_client, true));
        Check(MosquittoLibrary.SetOption(_client, TcpNoDelay, 1));
        Check(MosquittoLibrary.SetMaxInflight(_client, 0));
        if (_options.Username != null)
        {
            Check(MosquittoLibrary.SetCredentials(_client, _options.Username, _options.Password));
        }

        if (_options.Will is { } will)
        {
            fixed (byte* payload = will.Payload)
            {
                Check(MosquittoLibrary.SetWill(_client, will.Topic, will.Payload.Length, payload, will.Qos, will.Retain));
            }
        }

        if (_options.Tls is { } tls)
        {
            // libmosquitto wants a CA file or folder; a folder without certificates trusts nobody.
            string? noCa = tls.CaFile == null ? AppContext.BaseDirectory : null;
            Check(MosquittoLibrary.SetTls(_client, tls.CaFile, noCa, tls.CertificateFile, tls.KeyFile, &OnPassword));
            Check(MosquittoLibrary.SetTlsOptions(_client, tls.Insecure ? 0 : 1, tls.Version, null));
            Check(MosquittoLibrary.SetTlsInsecure(_client, tls.Insecure));
            if (tls.Time is { } time)
            {
                TlsClock.Set(_client, time);
            }
        }
    }

    private void SetCallbacks()
    {
        MosquittoLibrary.OnLog(_client, &OnLog);
        MosquittoLibrary.OnConnect(_client, &OnConnect);
        MosquittoLibrary.OnPublish(_client, &OnPublish);
        MosquittoLibrary.OnSubscribe(_client, &OnSubscribe);
        MosquittoLibrary.OnUnsubscribe(_client, &OnUnsubscribe);
        MosquittoLibrary.OnMessage(_client, &OnMessage);
    }

    private int PublishCore(string topic, ReadOnlySpan<byte> payload, int qos, bool retain)
    {
        RequireOpen();
        fixed (byte* start = payload)
        {
            Interlocked.Increment(ref _unwritten);
            Check(MosquittoLibrary.Publish(_client, out int mid, topic, payload.Length, start, qos, retain));
            Wake();
            return mid;
        }
    }

    private int SubscribeCore(IReadOnlyList<string> filters, int qos, bool subscribe)
    {
        RequireOpen();
        byte** texts = stackalloc byte*[filters.Count];
        try
        {
            for (int i = 0; i < filters.Count; i++)
            {
                texts[i] = (byte*)Marshal.StringToCoTaskMemUTF8(filters[i]);
            }

            int mid;
            Check(subscribe
                ? MosquittoLibrary.Subscribe(_client, out mid, filters.Count, texts, qos, 0, 0)
                : MosquittoLibrary.Unsubscribe(_client, out mid, filters.Count, texts, 0));
            Wake();
            return mid;
        }
        finally
        {
            for (int i = 0; i < filters.Count; i++)
            {
                Marshal.FreeCoTaskMem((nint)texts[i]);
            }
        }
    }

    private void RequireOpen()
    {
        const int NoConnection = 4;
        if (_client == 0 || _closedRaised)
        {
            throw new MosquittoException(NoConnection);
        }
    }

    private Task<int[]?> WaitFor(int mid)
    {
        TaskCompletionSource<int[]?> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[mid] = source;
        return source.Task;
    }

    private void Wake()
    {
        lock (_native)
        {
            if (_client != 0)
            {
                _wait.Wake();
            }
        }
    }

    private void Run()
    {
        int code = OpenTransport();
        _connecting = false;
        if (code == 0)
        {
            do
            {
                Park();
            }
            while (!_stop.IsSet && Step());
        }

        EndWaits();
        _parked.Set();
        Release();
    }

    private int OpenTransport()
    {
        int code = MosquittoLibrary.Connect(_client, _options.Host, _options.Port, _options.KeepaliveSeconds);
        int systemError = Marshal.GetLastPInvokeError();
        if (code != 0)
        {
            _opened.TrySetResult(Describe(code, systemError));
        }
        else if (_options.Tls == null)
        {
            _opened.TrySetResult(new ConnectResult(ConnectStatus.Accepted));
        }
        else
        {
            _verdict = new TlsVerdict(MosquittoLibrary.GetSsl(_client));
        }

        return code;
    }

    private ConnectResult Describe(int code, int systemError)
    {
        return code switch
        {
            SystemError => new ConnectResult(ConnectStatus.SocketFailed, (int)SystemErrors.ToSocketError(systemError), Marshal.GetPInvokeErrorMessage(systemError)),
            LookupFailed => new ConnectResult(ConnectStatus.DnsFailed, code, $"The host {_options.Host} was not found."),
            TlsError => new ConnectResult(ConnectStatus.TlsFailed, code, _lastError.Length > 0 ? _lastError : MosquittoLibrary.ErrorText(code)),
            _ => new ConnectResult(ConnectStatus.Closed, code, MosquittoLibrary.ErrorText(code)),
        };
    }

    private void Park()
    {
        if (_frozen)
        {
            _parked.Set();
            _stop.Wait();
        }
    }

    /// <summary>Waits for something to do and does it; false once the connection has ended.</summary>
    private bool Step()
    {
        bool mayRead = MayRead?.Invoke() ?? true;
        bool readable = _wait.Wait(MosquittoLibrary.GetSocket(_client), mayRead, MosquittoLibrary.WantsToWrite(_client), _options.ManualKeepalive ? -1 : AutomaticKeepaliveCheckMs);
        if (_frozen || _stop.IsSet)
        {
            return true;
        }

        // During a TLS handshake loop_read is what writes, too.
        int code = readable || !_opened.Task.IsCompleted ? MosquittoLibrary.Read(_client, 1) : 0;
        if (readable && code == 0)
        {
            Volatile.Write(ref _lastRead, Stopwatch.GetTimestamp());
        }

        if (_abort)
        {
            // What libmosquitto has queued is not written: the message stays unacknowledged, and so does any other of
            // the same read.
            RaiseHappenings();
            RaiseDisconnected(-1, "An incoming message was not accepted.");
            return false;
        }

        if (code == 0 && (_keepaliveDue || !_options.ManualKeepalive))
        {
            _keepaliveDue = false;
            code = MosquittoLibrary.CheckKeepalive(_client);
        }

        if (code == 0 && MosquittoLibrary.WantsToWrite(_client))
        {
            bool areMany = Interlocked.Exchange(ref _unwritten, 0) > 1;
            if (areMany)
            {
                TcpCork.Set(MosquittoLibrary.GetSocket(_client), true);
            }

            code = MosquittoLibrary.Write(_client, 1);
            if (areMany)
            {
                TcpCork.Set(MosquittoLibrary.GetSocket(_client), false);
            }

            Volatile.Write(ref _lastWritten, Stopwatch.GetTimestamp());
        }

        NoticeHandshake();
        RaiseHappenings();
        if (code == 0 && MosquittoLibrary.GetSocket(_client) != -1)
        {
            return true;
        }

        RaiseDisconnected(code, MosquittoLibrary.ErrorText(code));
        return false;
    }

    private void NoticeHandshake()
    {
        if (_opened.Task.IsCompleted || MosquittoLibrary.IsHandshakeFinished == null)
        {
            return;
        }

        nint ssl = MosquittoLibrary.GetSsl(_client);
        if (ssl != 0 && MosquittoLibrary.IsHandshakeFinished(ssl) == 1)
        {
            _opened.TrySetResult(new ConnectResult(ConnectStatus.Accepted));
        }
    }

    private void RaiseHappenings()
    {
        // One libmosquitto call can add more than one, and the handlers run outside of it.
        foreach (Happening happening in _happenings)
        {
            switch (happening.Kind)
            {
                case HappeningKind.Connack:
                    Answer(happening.Number);
                    break;
                case HappeningKind.Published:
                    Complete(happening.Number, []);
                    Published?.Invoke(happening.Number);
                    break;
                case HappeningKind.Subscribed:
                    Complete(happening.Number, (int[])happening.Content!);
                    Subscribed?.Invoke(happening.Number, (int[])happening.Content!);
                    break;
                case HappeningKind.Unsubscribed:
                    Unsubscribed?.Invoke(happening.Number);
                    break;
                case HappeningKind.Message:
                    MessageReceived?.Invoke((MosquittoMessage)happening.Content!);
                    break;
            }
        }

        if (_happenings.Count > 0)
        {
            _happenings.Clear();
            BatchEnded?.Invoke();
        }
    }

    private void Answer(int returnCode)
    {
        _opened.TrySetResult(new ConnectResult(ConnectStatus.Accepted));
        _answered.TrySetResult(returnCode == 0
            ? new ConnectResult(ConnectStatus.Accepted)
            : new ConnectResult(ConnectStatus.Refused, returnCode, $"The broker refused the connection with return code {returnCode}."));
        MosquittoLibrary.OnLog(_client, null);
    }

    private void Complete(int mid, int[] granted)
    {
        if (Volatile.Read(ref _awaited) == 0)
        {
            return; // the lock would wait for whoever is publishing
        }

        TaskCompletionSource<int[]?>? source;
        lock (_native)
        {
            _awaited -= _waiting.Remove(mid, out source) ? 1 : 0;
        }

        source?.SetResult(granted);
    }

    private void RaiseDisconnected(int code, string text)
    {
        bool wasOpen = _opened.Task.IsCompletedSuccessfully && _opened.Task.Result.IsAccepted;
        lock (_native)
        {
            _closedRaised = true;
        }

        ConnectResult closed = new(ConnectStatus.Closed, code, text);
        string reason = _verdict?.Text ?? "";
        string error = _lastError.Length > 0 ? _lastError : text;
        ConnectResult tlsFailed = new(ConnectStatus.TlsFailed, code, reason.Length > 0 ? error + ": " + reason : error);
        _opened.TrySetResult(_options.Tls == null ? closed : tlsFailed);

        // With TLS 1.3 a broker refuses a client's certificate after the handshake is over on this side: an alert then
        // stands where CONNACK would.
        _answered.TrySetResult(_options.Tls == null || _lastError.Length == 0 ? closed : tlsFailed);
        if (wasOpen)
        {
            Disconnected?.Invoke(code, text);
        }
    }

    private void EndWaits()
    {
        ConnectResult closed = new(ConnectStatus.Closed, 0, "The client was closed.");
        _opened.TrySetResult(closed);
        _answered.TrySetResult(closed);
        TaskCompletionSource<int[]?>[] waits;
        lock (_native)
        {
            _closedRaised = true;
            waits = [.. _waiting.Values];
            _waiting.Clear();
        }

        foreach (TaskCompletionSource<int[]?> wait in waits)
        {
            wait.SetResult(null);
        }
    }

    private void Release()
    {
        lock (_native)
        {
            if (_client == 0)
            {
                return;
            }

            MosquittoLibrary.Destroy(_client);
            _verdict?.Dispose();
            _client = 0;
            _self.Free();
            _wait.Dispose();
        }
    }

    private static MosquittoClient From(nint state) => (MosquittoClient)GCHandle.FromIntPtr(state).Target!;

    // No exception may leave a callback: each only notes what happened, and handlers run later in RaiseHappenings.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnConnect(nint client, nint state, int returnCode) => From(state)._happenings.Add(new Happening(HappeningKind.Connack, returnCode));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnPublish(nint client, nint state, int mid) => From(state)._happenings.Add(new Happening(HappeningKind.Published, mid));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnSubscribe(nint client, nint state, int mid, int count, int* granted) =>
        From(state)._happenings.Add(new Happening(HappeningKind.Subscribed, mid, new ReadOnlySpan<int>(granted, count).ToArray()));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnUnsubscribe(nint client, nint state, int mid) => From(state)._happenings.Add(new Happening(HappeningKind.Unsubscribed, mid));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnPassword(byte* buffer, int size, int forWriting, nint client)
    {
        byte[] password = Encoding.UTF8.GetBytes(From(MosquittoLibrary.GetState(client))._options.Tls?.KeyPassword ?? "");
        int length = Math.Min(password.Length, size);
        password.AsSpan(0, length).CopyTo(new Span<byte>(buffer, size));
        return length;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(nint client, nint state, int level, byte* text)
    {
        if (level == LogLevelError)
        {
            From(state)._lastError = Marshal.PtrToStringUTF8((nint)text) ?? "";
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnMessage(nint client, nint state, MosquittoLibrary.NativeMessage* message)
    {
        MosquittoClient self = From(state);
        if (self._abort)
        {
            return;
        }

        string topic = Marshal.PtrToStringUTF8((nint)message->Topic) ?? "";
        int packetSize = 2 + Encoding.UTF8.GetByteCount(topic) + (message->Qos > 0 ? 2 : 0) + message->Length;
        if (self.AcceptMessage != null && !self.AcceptMessage(topic, packetSize))
        {
            self._abort = true;
            return;
        }

        byte[] payload = new ReadOnlySpan<byte>(message->Payload, message->Length).ToArray();
        self._happenings.Add(new Happening(HappeningKind.Message, 0, new MosquittoMessage(topic, payload, message->Qos, message->Retain != 0)));
    }

    private enum HappeningKind
    {
        Connack,
        Published,
        Subscribed,
        Unsubscribed,
        Message,
    }

    private readonly record struct Happening(HappeningKind Kind, int Number, object? Content = null);
}
