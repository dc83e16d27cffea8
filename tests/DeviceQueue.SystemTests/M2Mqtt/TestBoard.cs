using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using DeviceQueue.SystemTests.Mosquitto;
using VirtualBoard;

namespace DeviceQueue.SystemTests.M2Mqtt;

/// <summary>
/// A virtual board whose Main does what a test asks of it, each request on a thread of the board's own.
/// </summary>
internal sealed class TestBoard : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("board-").FullName;
    private readonly BlockingCollection<Action> _requests = [];

    public TestBoard()
    {
        Board = new Board { StorageDirectory = _folder };
        Board.Network.NtpReachable = false; // the time service would set the calendar at any later moment
        Board.PowerOn(() =>
        {
            foreach (Action request in _requests.GetConsumingEnumerable())
            {
                new Thread(() => request()) { IsBackground = true }.Start();
            }
        });
        Board.Clock.SetUtc(DateTime.UtcNow); // before a certificate is judged by it
    }

    public Board Board { get; }

    /// <summary>Starts something on the board.</summary>
    public Task<T> Start<T>(Func<T> firmware)
    {
        TaskCompletionSource<T> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests.Add(() =>
        {
            try
            {
                result.SetResult(firmware());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        });
        return result.Task;
    }

    public Task Start(Action firmware) => Start(() =>
    {
        firmware();
        return true;
    });

    /// <summary>Does something on the board and waits for its end.</summary>
    public T Run<T>(Func<T> firmware)
    {
        Task<T> task = Start(firmware);
        Assert.True(Task.WaitAny([task], Patience.Bound) == 0, "The board did not finish in time.");
        if (task.Exception?.InnerException is { } e)
        {
            ExceptionDispatchInfo.Throw(e);
        }

        return task.Result;
    }

    public void Run(Action firmware) => Run(() =>
    {
        firmware();
        return true;
    });

    public void Dispose()
    {
        _requests.CompleteAdding();
        Board.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
