using System.Text;
using DeviceQueue.Health;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Health;

public sealed class FactoryReset_Tests
{
    private const string Json = """{"connection":{"host":"h"},"tls":{"ca":"ca","cert":"c","key":"k"},"options":"""
        + """{"outbox":"o"}}""";

    [Fact]
    public void After_a_power_cut_anywhere_in_a_wipe_the_next_start_goes_on_with_it_until_nothing_is_left()
    {
        int cuts = 0;
        for (bool wasCut = true; wasCut; cuts++)
        {
            MemoryStore store = Filled();
            store.StepsToPowerCut = cuts;
            new FactoryReset(store).TryErase();
            wasCut = store.IsOff;
            store.StepsToPowerCut = null;
            var next = new FactoryReset(store);
            Assert.Equal(wasCut, next.IsBegun);
            Assert.True(!wasCut || next.TryErase());
            Assert.Equal("boot.0", Assert.Single(store.Files.Keys));
        }

        Assert.InRange(cuts, 20, 100);
    }

    [Fact]
    public void The_private_key_goes_before_anything_else()
    {
        MemoryStore store = Filled();
        store.StepsToPowerCut = 2; // the mark and one file
        new FactoryReset(store).TryErase();

        Assert.DoesNotContain("k", store.Files.Keys);
        Assert.Contains(SettingsLoader.FileName, store.Files.Keys);
    }

    [Theory]
    [InlineData("\"options\":{\"max_bytes\":\"many\",\"qos\":7}")]
    [InlineData("\"options\":{\"outbox\":\"NOT A NAME\"}")]
    [InlineData("\"tls\":{\"key\":\"\"}")]
    [InlineData("\"options\":{\"qos\":1},")]
    [InlineData("")]
    public void Settings_with_a_bad_value_are_erased_like_others(string bad)
    {
        MemoryStore store = Filled();
        store.Files[SettingsLoader.FileName] = World.Utf8("{" + bad + "}");

        Assert.True(new FactoryReset(store).TryErase());
        Assert.Equal("boot.0", Assert.Single(store.Files.Keys));
    }

    [Fact]
    public void An_erasure_without_memory_for_it_fails_and_throws_nothing()
    {
        MemoryStore store = Filled();
        store.ThrowsOnWrite = true;

        Assert.False(new FactoryReset(store).TryErase());
    }

    [Theory]
    [InlineData("devicequeue.json", false)]
    [InlineData("devicequeue.json", true)]
    [InlineData("settings.0", false)]
    [InlineData("settings.1", true)]
    public void A_wipe_has_not_succeeded_while_settings_that_may_name_secrets_cannot_be_read(string name, bool isUntold)
    {
        MemoryStore store = Filled();
        store.UntoldName = isUntold ? name : null;
        store.UnreadName = isUntold ? null : name;
        Assert.False(new FactoryReset(store).TryErase());
        Assert.Contains(SettingsLoader.FileName, store.Files.Keys);

        store.UntoldName = null;
        store.UnreadName = null;
        var next = new FactoryReset(store);
        Assert.True(next.IsBegun && next.TryErase());
        Assert.Equal("boot.0", Assert.Single(store.Files.Keys));
    }

    private static MemoryStore Filled()
    {
        var store = new MemoryStore();
        foreach (string name in (string[])["ca", "c", "k", "o.0", "o.f", "boot.0", "life.1", "changes.0"])
        {
            store.Files[name] = name == "k"
                ? World.Utf8("-----BEGIN PRIVATE KEY-----")
                : World.Utf8("-----BEGIN CERTIFICATE-----");
        }

        store.Files[SettingsLoader.FileName] = Encoding.UTF8.GetBytes(Json);
        Assert.True(new SettingsLoader(store, null).Load("dq-000001"));
        return store;
    }
}
