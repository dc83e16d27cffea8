using System.Collections.Concurrent;
using System.Device.Gpio;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Runtime.Native;
using VirtualBoard;
using ChipSleep = nanoFramework.Hardware.Esp32.Sleep;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class Board_Tests : IDisposable
{
    private readonly Bench _bench = new();

    private Board Board => _bench.Board;

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_thread_of_no_board_has_no_hardware()
    {
        Assert.False(Board.TryGetCurrent(out _));
        Assert.Throws<InvalidOperationException>(() => Board.Current);
        Assert.Throws<InvalidOperationException>(() => new GpioController());
        Board.Checkpoint();
    }

    [Fact]
    public void Two_boards_at_once_share_nothing()
    {
        using Bench other = new();
        using Barrier together = new(2);
        List<string> lines = [];
        List<string> otherLines = [];
        Board.ConsoleLine += lines.Add;
        other.Board.ConsoleLine += otherLines.Add;

        void Firmware(Board board, PinValue level)
        {
            Assert.Same(board, Board.Current);
            GpioPin pin = new GpioController().OpenPin(4, PinMode.Output);
            together.SignalAndWait(Bench.Patience);
            Power.OnRebootEvent += () => Console.WriteLine("reboot");
            pin.Write(level);
            Thread thread = new(() => Console.WriteLine(level.ToString()));
            thread.Start();
            thread.Join();
        }

        Parallel.Invoke(
            () => _bench.Run(() => Firmware(Board, PinValue.High)),
            () => other.Run(() => Firmware(other.Board, PinValue.Low)));
        other.Board.ShutDown();

        Assert.Equal(PinValue.High, Board.Gpio[4].Level);
        Assert.Null(other.Board.Gpio[4].Level);
        Assert.Equal(["High"], lines);
        Assert.Equal(["Low", "reboot"], otherLines);
        Assert.True(Board.IsOn);
    }

    [Fact]
    public void RebootDevice_tells_the_handlers_starts_Main_again_and_never_returns()
    {
        BlockingCollection<string> events = [];
        Board.Rebooted += count => events.Add("rebooted " + count);
        Board.PowerLost += () => events.Add("lost");
        Board.PowerOn(() =>
        {
            events.Add("main");
            if (Board.BootCount == 2)
            {
                return;
            }

            Power.OnRebootEvent += () => events.Add("handler");
            Power.OnRebootEvent += () => throw new InvalidOperationException();
            try
            {
                Power.RebootDevice();
            }
            finally
            {
                events.Add("returned");
            }
        });

        Assert.Equal(["main", "handler", "lost"], Take(events, 3));
        Assert.Equal(["main", "rebooted 2"], Take(events, 2).Order());
        Assert.False(events.TryTake(out _));
        Assert.Empty(Board.UncaughtExceptions);
    }

    [Fact]
    public void A_constraint_leaves_slow_handlers_behind()
    {
        ManualResetEvent never = new(false);
        ManualResetEvent rebooted = new(false);
        Board.Rebooted += _ => rebooted.Set();
        Board.PowerOn(() =>
        {
            if (Board.BootCount == 1)
            {
                Power.OnRebootEvent += () => never.WaitOne();
                Power.RebootDevice(50);
            }
        });
        Bench.Await(rebooted);
        never.Set();
    }

    [Fact]
    public void A_reboot_keeps_the_flash_and_the_calendar_and_floats_the_pins()
    {
        BlockingCollection<string> seen = [];
        Board.Network.NtpReachable = false;
        Board.PowerOn(() =>
        {
            if (Board.BootCount == 1)
            {
                new GpioController().OpenPin(4, PinMode.Output).Write(PinValue.High);
                Board.Storage.TryWrite("kept", [42], 1);
                Rtc.SetSystemTime(new DateTime(2027, 3, 4, 5, 6, 7));
                Power.RebootDevice();
            }

            seen.Add(Board.Storage.GetSize("kept").ToString());
            seen.Add(Board.Clock.Utc.Year.ToString());
            seen.Add(Board.Gpio[4].Level?.ToString() ?? "floats");
            seen.Add(new GpioController().IsPinOpen(4).ToString());
        });

        Assert.Equal(["1", "2027", "floats", "False"], Take(seen, 4));
    }

    [Fact]
    public void Without_power_no_thread_gets_past_its_next_call()
    {
        ManualResetEvent running = new(false);
        ManualResetEvent off = new(false);
        ManualResetEvent fellThrough = new(false);
        Board.PowerOn(() =>
        {
            GpioPin pin = new GpioController().OpenPin(4, PinMode.Output);
            try
            {
                running.Set();
                off.WaitOne();
                pin.Write(PinValue.High);
            }
            finally
            {
                fellThrough.Set();
            }
        });
        Bench.Await(running);
        Board.PowerOff();
        off.Set();

        // The thread is to do nothing: give it the time in which it would have.
        Assert.False(fellThrough.WaitOne(200));
        Assert.Null(Board.Gpio[4].Level);
        Assert.False(Board.IsOn);
    }

    [Fact]
    public void ShutDown_gives_the_firmware_notice_and_the_board_stays_off()
    {
        int shutdowns = 0;
        _bench.Run(() => Power.OnRebootEvent += () =>
        {
            Assert.Same(Board, Board.Current);
            shutdowns++;
        });

        Board.ShutDown();
        Board.ShutDown();
        Board.Reset();

        Assert.Equal(1, shutdowns);
        Assert.Equal(1, Board.BootCount);
        Assert.False(Board.IsOn);
    }

    [Fact]
    public void An_exception_ends_its_thread_only_and_silently()
    {
        Thread? thread = null;
        _bench.Run(() =>
        {
            thread = new Thread(() => throw new FormatException("in a thread"));
            thread.Start();
            Timer timer = new(_ => throw new FormatException("in a timer"), null, 0, Timeout.Infinite);
            thread.Join();
            SpinWait.SpinUntil(() => Board.UncaughtExceptions.Count == 2, Bench.Patience);
            timer.Dispose();
        });

        Assert.Equal(["in a thread", "in a timer"], Board.UncaughtExceptions.Select(e => e.Message).Order());
        Assert.True(Board.IsOn);

        ManualResetEvent helper = new(false);
        Board.PowerOn(() =>
        {
            new Thread(() => helper.Set()).Start();
            throw new FormatException("in Main");
        });
        Bench.Await(helper);
        Assert.True(
            SpinWait.SpinUntil(() => Board.UncaughtExceptions.Any(e => e.Message == "in Main"), Bench.Patience));
    }

    [Fact]
    public void The_firmwares_threads_do_not_keep_the_process()
    {
        Assert.True(_bench.Run(() =>
        {
            bool isBackground = false;
            Thread thread = new(() => isBackground = Thread.CurrentThread.IsBackground);
            thread.Start();
            thread.Join();
            return isBackground;
        }));
    }

    [Fact]
    public void The_console_of_a_board_is_its_own_line_by_line()
    {
        using StringWriter outside = new();
        TextWriter before = Console.Out;
        List<string> lines = [];
        Board.ConsoleLine += line =>
        {
            // A handler is outside: what it writes does not come round again.
            Console.WriteLine("seen: " + line);
            lines.Add(line);
        };
        try
        {
            Console.SetOut(outside);
            _bench.Run(() =>
            {
                Console.WriteLine("one");
                Console.Write("t");
                Console.Write("wo\nthr");
                Console.WriteLine("ee");
            });
        }
        finally
        {
            Console.SetOut(before);
        }

        Assert.Equal(["one", "two", "three"], lines);
        Assert.Equal("seen: one,seen: two,seen: three", outside.ToString().Trim().ReplaceLineEndings(","));
    }

    [Fact]
    public void Deep_sleep_ends_the_boot_and_the_timer_starts_the_next()
    {
        BlockingCollection<ChipSleep.WakeupCause> causes = [];
        Board.PowerOn(() =>
        {
            causes.Add(ChipSleep.GetWakeupCause());
            if (Board.BootCount == 1)
            {
                ChipSleep.EnableWakeupByTimer(TimeSpan.FromMilliseconds(20));
                ChipSleep.StartDeepSleep();
                causes.Add(ChipSleep.WakeupCause.Bt);
            }
        });

        Assert.Equal([ChipSleep.WakeupCause.Undefined, ChipSleep.WakeupCause.Timer], Take(causes, 2));
    }

    [Fact]
    public void A_native_call_stops_every_thread_of_its_board_only()
    {
        using Bench other = new();
        ManualResetEvent inside = new(false);
        ManualResetEvent leave = new(false);
        ManualResetEvent passed = new(false);
        _bench.Run(() =>
        {
            new Thread(() => Board.StopInterpreterWhile(() =>
            {
                inside.Set();
                return leave.WaitOne(Bench.Patience);
            })).Start();
            new Thread(() =>
            {
                inside.WaitOne();
                Board.Checkpoint();
                passed.Set();
            }).Start();
        });
        Bench.Await(inside);
        other.Run(Board.Checkpoint);

        Assert.False(passed.WaitOne(100));
        leave.Set();
        Bench.Await(passed);
    }

    [Fact]
    public void The_memory_figures_are_the_boards()
    {
        Board.FreeMemory = 12_345;
        Board.FreeNativeMemory = 54_321;
        _bench.Run(() =>
        {
            Assert.Equal(12_345u, nanoFramework.Runtime.Native.GC.Run(true));
            NativeMemory.GetMemoryInfo(NativeMemory.MemoryType.Internal, out _, out uint free, out _);
            Assert.Equal(54_321u, free);
            NativeMemory.GetMemoryInfo(NativeMemory.MemoryType.SpiRam, out uint total, out _, out _);
            Assert.Equal(0u, total);
        });
    }

    private static List<T> Take<T>(BlockingCollection<T> items, int count)
    {
        List<T> taken = [];
        for (int i = 0; i < count; i++)
        {
            Assert.True(items.TryTake(out T? item, Bench.Patience), "Only: " + string.Join(", ", taken));
            taken.Add(item);
        }

        return taken;
    }
}
