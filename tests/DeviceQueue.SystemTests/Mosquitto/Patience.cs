namespace DeviceQueue.SystemTests.Mosquitto;

/// <summary>
/// How long tests wait for what must come: ample on a busy machine, and spent only by a test that fails.
/// </summary>
public static class Patience
{
    public static TimeSpan Bound { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Expects that nothing comes for a while.</summary>
    public static Task StaysUnfinished(this Task task, TimeSpan time) =>
        Assert.ThrowsAsync<TimeoutException>(() => task.WaitAsync(time, TestContext.Current.CancellationToken));

    public static Task<T> Bounded<T>(this Task<T> task) => task.WaitAsync(Bound, TestContext.Current.CancellationToken);
}
