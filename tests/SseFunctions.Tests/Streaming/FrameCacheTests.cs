using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

public class FrameCacheTests
{
    private const string Epoch = "abc123";
    private static readonly object Owner = new();

    /// <summary>Runs put in any order and overlap: what is held and read is always what the events are, from the asked one on.</summary>
    [Property(MaxTest = 300)]
    public Property TryRead_gives_the_events_themselves_after_any_puts() => Prop.ForAll(
        Gen.Choose(1, 60).SelectMany(first => Gen.Choose(1, 20).Select(count => (First: first, Count: count))).ListOf().ToArbitrary(),
        runs =>
        {
            var cache = new FrameCache(long.MaxValue);
            foreach (var (first, count) in runs)
            {
                var before = cache.Held(Owner, 0);
                cache.Put(Owner, Run(first, count));
                var held = cache.Held(Owner, 0)!.Value;
                Assert.True(held.Last - held.First + 1 >= Math.Max(count, before is null ? 0 : before.Value.Last - before.Value.First + 1));
                for (var sequence = held.First; sequence <= held.Last; sequence++)
                {
                    Assert.True(cache.TryRead(Owner, sequence, long.MaxValue, null, out var slice));
                    Assert.Equal(Text(Run(sequence, (int)(slice.Last - sequence) + 1)), Text(slice.Bytes));
                }
            }
        });

    [Fact]
    public void Put_joins_runs_that_touch_from_either_side()
    {
        var cache = new FrameCache(long.MaxValue);

        cache.Put(Owner, Run(10, 5));
        cache.Put(Owner, Run(15, 5));
        cache.Put(Owner, Run(5, 5));

        Assert.Equal((5, 19), cache.Held(Owner, 0));
        Assert.True(cache.TryRead(Owner, 5, long.MaxValue, null, out var slice));
        Assert.Equal(Text(Run(5, 15)), Text(slice.Bytes));
    }

    [Fact]
    public void TryRead_hands_out_whole_frames_of_64_KiB_at_most_and_at_least_one()
    {
        var cache = new FrameCache(long.MaxValue);
        cache.Put(Owner, From([.. Enumerable.Range(1, 200).Select(i => new StoredEvent(i, null, new byte[i == 100 ? 65_536 : 5_000], default))]));

        var sizes = new List<int>();
        for (long sequence = 1; sequence <= 200;)
        {
            Assert.True(cache.TryRead(Owner, sequence, long.MaxValue, null, out var slice));
            Assert.True(slice.Bytes.Span.EndsWith("\n\n"u8));
            Assert.True(slice.Bytes.Length <= 64 * 1024 || slice.Last == sequence);
            sizes.Add(slice.Bytes.Length);
            sequence = slice.Last + 1;
        }

        Assert.InRange(sizes.Count, 17, 30); // 1 MB in slices that are nearly full, but where a segment ends
    }

    [Fact]
    public void TryRead_tells_the_time_of_the_slices_own_last_event()
    {
        var start = DateTimeOffset.UnixEpoch;
        var run = From([.. Enumerable.Range(1, 10).Select(i => new StoredEvent(i, null, new byte[30_000], start.AddSeconds(i)))]);
        var cache = new FrameCache(long.MaxValue);
        cache.Put(Owner, run);
        cache.Put(Owner, From([new StoredEvent(2, null, new byte[30_000], start)])); // adds nothing

        Assert.True(cache.TryRead(Owner, 1, long.MaxValue, null, out var first));
        Assert.True(cache.TryRead(Owner, 10, long.MaxValue, null, out var last));

        Assert.Equal((2, start.AddSeconds(2)), (first.Last, first.NewestTime));
        Assert.Equal((10, start.AddSeconds(10)), (last.Last, last.NewestTime));
    }

    [Fact]
    public void A_slice_stays_as_it_was_when_more_is_appended()
    {
        var cache = new FrameCache(long.MaxValue);
        cache.Put(Owner, Run(1, 1));
        cache.TryRead(Owner, 1, long.MaxValue, null, out var slice);

        for (var sequence = 2; sequence <= FrameBlock.MaxEvents; sequence++)
            cache.Put(Owner, Run(sequence, 1));

        Assert.Equal(Text(Run(1, 1)), Text(slice.Bytes));
    }

    [Fact]
    public void Put_evicts_what_was_read_longest_ago_when_full()
    {
        var size = Size(Run(FirstOf(2), 10));
        var cache = new FrameCache(2 * size);
        cache.Put(Owner, Run(FirstOf(0), 10));
        cache.Put(Owner, Run(FirstOf(1), 10));
        cache.TryRead(Owner, FirstOf(0), long.MaxValue, null, out _);

        cache.Put(Owner, Run(FirstOf(2), 10));

        Assert.True(cache.TryRead(Owner, FirstOf(0), long.MaxValue, null, out _));
        Assert.False(cache.TryRead(Owner, FirstOf(1), long.MaxValue, null, out _));
        Assert.True(cache.TryRead(Owner, FirstOf(2), long.MaxValue, null, out _));
    }

    [Fact]
    public void Put_evicts_as_many_blocks_as_it_takes()
    {
        var size = Size(Run(1, 1));
        var cache = new FrameCache(8 * size);
        for (var block = 0; block < 8; block++)
            cache.Put(Owner, Run(FirstOf(block), 1));

        cache.Put(Owner, Run(FirstOf(8), 60));

        Assert.InRange(cache.Size, 1, Math.Max(8 * size, Size(Run(FirstOf(8), 60))));
        Assert.Equal((FirstOf(8), FirstOf(8) + 59), cache.Held(Owner, 8));
    }

    [Fact]
    public void TryRead_serves_what_was_just_loaded_when_it_has_been_evicted()
    {
        var cache = new FrameCache(1);
        var loaded = Run(FirstOf(1), 10);
        cache.Put(Owner, loaded);
        cache.Put(Owner, Run(FirstOf(2), 10));

        Assert.Null(cache.Held(Owner, 1));
        Assert.True(cache.TryRead(Owner, FirstOf(1) + 3, FirstOf(1) + 5, loaded.BufferAt(FirstOf(1)), out var slice));
        Assert.Equal(Text(Run(FirstOf(1) + 3, 3)), Text(slice.Bytes));
        Assert.False(cache.TryRead(Owner, FirstOf(1) + 10, long.MaxValue, loaded.BufferAt(FirstOf(1)), out _));
        Assert.False(cache.TryRead(Owner, FirstOf(1) - 1, long.MaxValue, loaded.BufferAt(FirstOf(1)), out _));
    }

    [Fact]
    public void Put_keeps_the_newest_block_when_it_alone_is_over_the_capacity()
    {
        var cache = new FrameCache(1);

        cache.Put(Owner, Run(1, 10));

        Assert.True(cache.TryRead(Owner, 1, long.MaxValue, null, out _));
    }

    [Fact]
    public void Evict_removes_one_owners_frames_only()
    {
        var other = new object();
        var cache = new FrameCache(long.MaxValue);
        cache.Put(Owner, Run(1, 3));
        cache.Put(other, Run(1, 3));

        cache.Evict(Owner);

        Assert.False(cache.TryRead(Owner, 1, long.MaxValue, null, out _));
        Assert.True(cache.TryRead(other, 1, long.MaxValue, null, out _));
        cache.Evict(other);
        Assert.Equal(0, cache.Size);
    }

    private static long FirstOf(long block) => FrameBlock.FirstOf(block);

    private static long Size(FrameBlock block)
    {
        var cache = new FrameCache(long.MaxValue);
        cache.Put(Owner, block);
        return cache.Size;
    }

    private static FrameBlock Run(long first, int count) =>
        From([.. Enumerable.Range(0, count).Select(i => new StoredEvent(first + i, null, Encoding.UTF8.GetBytes($"event {(first + i) % 10}"), default))]);

    private static FrameBlock From(IReadOnlyList<StoredEvent> events) => Assert.Single(FrameBlock.From(Epoch, events));

    private static string Text(FrameBlock block)
    {
        var text = new StringBuilder();
        for (var sequence = block.First; sequence <= block.Last;)
        {
            var slice = block.Slice(sequence, long.MaxValue);
            text.Append(Text(slice.Bytes));
            sequence = slice.Last + 1;
        }

        return text.ToString();
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
