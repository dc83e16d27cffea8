using System.Reflection;
using System.Runtime.InteropServices;

namespace Mosquitto;

/// <summary>Finds libmosquitto 2.0 and calls it; every text is UTF-8.</summary>
internal static unsafe partial class MosquittoLibrary
{
    private const string Name = "mosquitto";
    private static readonly nint Handle = Load();

    static MosquittoLibrary()
    {
        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => name == Name ? Handle : 0);
        _ = Initialise();
        IsHandshakeFinished = (delegate* unmanaged[Cdecl]<nint, int>)Find("SSL_is_init_finished");
    }

    /// <summary>Gets OpenSSL's SSL_is_init_finished; null where it is not to be found.</summary>
    internal static delegate* unmanaged[Cdecl]<nint, int> IsHandshakeFinished { get; }

    /// <summary>
    /// Finds a function of OpenSSL, as dlsym does among libmosquitto's own dependencies; 0 where it does not (Windows).
    /// </summary>
    internal static nint Find(string function) => NativeLibrary.TryGetExport(Handle, function, out nint export) ? export : 0;

    private static nint Load()
    {
        foreach (string candidate in Candidates())
        {
            if (NativeLibrary.TryLoad(candidate, out nint handle))
            {
                return handle;
            }
        }

        throw new DllNotFoundException($"libmosquitto 2.0 was not found (tried {string.Join(", ", Candidates())}). {Installation.Hint("libmosquitto1")}");
    }

    private static string[] Candidates()
    {
        if (OperatingSystem.IsWindows())
        {
            string programs = Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles);
            return ["mosquitto.dll", Path.Combine(programs, "mosquitto", "mosquitto.dll")];
        }

        return OperatingSystem.IsMacOS()
            ? ["/opt/homebrew/lib/libmosquitto.1.dylib", "/usr/local/lib/libmosquitto.1.dylib", "libmosquitto.1.dylib"]
            : ["libmosquitto.so.1"];
    }

    [LibraryImport(Name, EntryPoint = "mosquitto_lib_init")]
    private static partial int Initialise();

    [LibraryImport(Name, EntryPoint = "mosquitto_new", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint New(string? clientId, [MarshalAs(UnmanagedType.U1)] bool cleanSession, nint state);

    [LibraryImport(Name, EntryPoint = "mosquitto_destroy")]
    internal static partial void Destroy(nint client);

    [LibraryImport(Name, EntryPoint = "mosquitto_userdata")]
    internal static partial nint GetState(nint client);

    [LibraryImport(Name, EntryPoint = "mosquitto_int_option")]
    internal static partial int SetOption(nint client, int option, int value);

    [LibraryImport(Name, EntryPoint = "mosquitto_void_option")]
    internal static partial int SetOption(nint client, int option, nint value);

    [LibraryImport(Name, EntryPoint = "mosquitto_threaded_set")]
    internal static partial int SetThreaded(nint client, [MarshalAs(UnmanagedType.U1)] bool threaded);

    [LibraryImport(Name, EntryPoint = "mosquitto_max_inflight_messages_set")]
    internal static partial int SetMaxInflight(nint client, uint messages);

    [LibraryImport(Name, EntryPoint = "mosquitto_username_pw_set", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetCredentials(nint client, string? username, string? password);

    [LibraryImport(Name, EntryPoint = "mosquitto_will_set", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetWill(nint client, string topic, int length, byte* payload, int qos, [MarshalAs(UnmanagedType.U1)] bool retain);

    [LibraryImport(Name, EntryPoint = "mosquitto_tls_set", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetTls(nint client, string? caFile, string? caFolder, string? certFile, string? keyFile, delegate* unmanaged[Cdecl]<byte*, int, int, nint, int> passwordCallback);

    [LibraryImport(Name, EntryPoint = "mosquitto_tls_opts_set", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetTlsOptions(nint client, int verifyPeer, string? version, string? ciphers);

    [LibraryImport(Name, EntryPoint = "mosquitto_tls_insecure_set")]
    internal static partial int SetTlsInsecure(nint client, [MarshalAs(UnmanagedType.U1)] bool insecure);

    [LibraryImport(Name, EntryPoint = "mosquitto_ssl_get")]
    internal static partial nint GetSsl(nint client);

    [LibraryImport(Name, EntryPoint = "mosquitto_connect", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    internal static partial int Connect(nint client, string host, int port, int keepaliveSeconds);

    [LibraryImport(Name, EntryPoint = "mosquitto_disconnect")]
    internal static partial int Disconnect(nint client);

    [LibraryImport(Name, EntryPoint = "mosquitto_publish", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Publish(nint client, out int mid, string topic, int length, byte* payload, int qos, [MarshalAs(UnmanagedType.U1)] bool retain);

    [LibraryImport(Name, EntryPoint = "mosquitto_subscribe_multiple")]
    internal static partial int Subscribe(nint client, out int mid, int count, byte** filters, int qos, int options, nint properties);

    [LibraryImport(Name, EntryPoint = "mosquitto_unsubscribe_multiple")]
    internal static partial int Unsubscribe(nint client, out int mid, int count, byte** filters, nint properties);

    [LibraryImport(Name, EntryPoint = "mosquitto_socket")]
    internal static partial int GetSocket(nint client);

    [LibraryImport(Name, EntryPoint = "mosquitto_want_write")]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool WantsToWrite(nint client);

    [LibraryImport(Name, EntryPoint = "mosquitto_loop_read")]
    internal static partial int Read(nint client, int maxPackets);

    [LibraryImport(Name, EntryPoint = "mosquitto_loop_write")]
    internal static partial int Write(nint client, int maxPackets);

    [LibraryImport(Name, EntryPoint = "mosquitto_loop_misc")]
    internal static partial int CheckKeepalive(nint client);

    [LibraryImport(Name, EntryPoint = "mosquitto_connect_callback_set")]
    internal static partial void OnConnect(nint client, delegate* unmanaged[Cdecl]<nint, nint, int, void> callback);

    [LibraryImport(Name, EntryPoint = "mosquitto_publish_callback_set")]
    internal static partial void OnPublish(nint client, delegate* unmanaged[Cdecl]<nint, nint, int, void> callback);

    [LibraryImport(Name, EntryPoint = "mosquitto_subscribe_callback_set")]
    internal static partial void OnSubscribe(nint client, delegate* unmanaged[Cdecl]<nint, nint, int, int, int*, void> callback);

    [LibraryImport(Name, EntryPoint = "mosquitto_unsubscribe_callback_set")]
    internal static partial void OnUnsubscribe(nint client, delegate* unmanaged[Cdecl]<nint, nint, int, void> callback);

    [LibraryImport(Name, EntryPoint = "mosquitto_message_callback_set")]
    internal static partial void OnMessage(nint client, delegate* unmanaged[Cdecl]<nint, nint, NativeMessage*, void> callback);

    [LibraryImport(Name, EntryPoint = "mosquitto_log_callback_set")]
    internal static partial void OnLog(nint client, delegate* unmanaged[Cdecl]<nint, nint, int, byte*, void> callback);

    [LibraryImport(Name, EntryPoint = "mosquitto_strerror")]
    private static partial byte* GetErrorText(int code);

    internal static string ErrorText(int code) => Marshal.PtrToStringUTF8((nint)GetErrorText(code)) ?? $"error {code}";

    /// <summary>libmosquitto's struct mosquitto_message.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeMessage
    {
        public int Mid;
        public byte* Topic;
        public byte* Payload;
        public int Length;
        public int Qos;
        public byte Retain;
    }
}
