using System.Runtime.InteropServices;
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

    /// <summary>Events are put in any order and overlap: what is held is all that was put, and what is read are the events themselves.</summary>
    [Property(MaxTest = 300)]
    public Property TryRead_gives_the_events_themselves_after_any_puts() => Prop.ForAll(
        Gen.Choose(1, 60).SelectMany(first => Gen.Choose(1, 20).Select(count => (First: first, Count: count))).ListOf().ToArbitrary(),
        puts =>
        {
            var cache = new FrameCache(long.MaxValue);
            var held = new SortedSet<long>();
            foreach (var (first, count) in puts)
            {
                cache.Put(Owner, Events(first, count));
                held.UnionWith(Enumerable.Range(first, count).Select(sequence => (long)sequence));
            }

            for (var sequence = 1L; sequence <= 81; sequence++)
            {
                Assert.Equal(held.Contains(sequence), cache.TryRead(Owner, sequence, long.MaxValue, null, out var slice));
                Assert.Equal(held.GetViewBetween(sequence, 81).FirstOrDefault(), cache.NextHeld(Owner, sequence) is { } next ? Math.Max(sequence, next.First) : 0);
                if (held.Contains(sequence))
                    Assert.Equal(Text(Events(sequence, (int)(slice.Last - sequence) + 1)), Text(slice.Bytes));
            }
        });

    [Fact]
    public void Put_adds_to_the_buffer_before_and_fills_gaps()
    {
        var cache = new FrameCache(long.MaxValue);

        cache.Put(Owner, Events(10, 5));
        cache.Put(Owner, Events(15, 5));
        cache.Put(Owner, Events(1, 4));
        cache.Put(Owner, Events(1, 30));

        Assert.Equal((1, 9), cache.NextHeld(Owner, 1));
        Assert.Equal((10, 30), cache.NextHeld(Owner, 10));
        Assert.Null(cache.NextHeld(Owner, 31));
        Assert.True(cache.TryRead(Owner, 10, long.MaxValue, null, out var slice));
        Assert.Equal(Text(Events(10, 21)), Text(slice.Bytes));
    }

    /// <summary>What is handed out keeps the whole array from being freed, and a thousand clients may not take it.</summary>
    [Fact]
    public void Slice_is_of_an_array_that_is_no_larger_than_a_slice_may_be()
    {
        var cache = new FrameCache(long.MaxValue);
        for (var sequence = 1; sequence <= 1000; sequence++)
            cache.Put(Owner, Assert.Single(From([new StoredEvent(sequence, null, new byte[1000], default)])));

        for (var sequence = 1L; sequence <= 1000;)
        {
            Assert.True(cache.TryRead(Owner, sequence, long.MaxValue, null, out var slice));
            Assert.True(MemoryMarshal.TryGetArray(slice.Bytes, out var array));
            Assert.InRange(array.Array!.Length, 1, FrameSlice.MaxBytes);
            sequence = slice.Last + 1;
        }
    }

    [Fact]
    public void TryRead_hands_out_whole_frames_of_64_KiB_at_most_and_at_least_one()
    {
        var cache = new FrameCache(long.MaxValue);
        Put(cache, From([.. Enumerable.Range(1, 200).Select(i => new StoredEvent(i, null, new byte[i == 100 ? 65_536 : 5_000], default))]));

        var sizes = new List<int>();
        for (long sequence = 1; sequence <= 200;)
        {
            Assert.True(cache.TryRead(Owner, sequence, long.MaxValue, null, out var slice));
            Assert.True(slice.Bytes.Span.EndsWith("\n\n"u8));
            Assert.True(slice.Bytes.Length <= 64 * 1024 || slice.Last == sequence);
            sizes.Add(slice.Bytes.Length);
            sequence = slice.Last + 1;
        }

        Assert.InRange(sizes.Count, 17, 30); // 1 MB in slices that are nearly full
    }

    [Fact]
    public void TryRead_tells_the_time_of_the_slices_own_last_event()
    {
        var start = DateTimeOffset.UnixEpoch;
        var cache = new FrameCache(long.MaxValue);
        Put(cache, From([.. Enumerable.Range(1, 10).Select(i => new StoredEvent(i, null, new byte[30_000], start.AddSeconds(i)))]));
        Put(cache, From([new StoredEvent(2, null, new byte[30_000], start)])); // adds nothing

        Assert.True(cache.TryRead(Owner, 1, long.MaxValue, null, out var first));
        Assert.True(cache.TryRead(Owner, 10, long.MaxValue, null, out var last));

        Assert.Equal((2, start.AddSeconds(2)), (first.Last, first.NewestTime));
        Assert.Equal((10, start.AddSeconds(10)), (last.Last, last.NewestTime));
    }

    [Fact]
    public void A_slice_stays_as_it_was_when_more_is_appended()
    {
        var cache = new FrameCache(long.MaxValue);
        cache.Put(Owner, Events(1, 1));
        cache.TryRead(Owner, 1, long.MaxValue, null, out var slice);

        for (var sequence = 2; sequence <= 5000; sequence++)
            cache.Put(Owner, Events(sequence, 1));

        Assert.Equal(Text(Events(1, 1)), Text(slice.Bytes));
    }

    [Fact]
    public void Put_evicts_what_was_read_longest_ago_when_full()
    {
        var size = Size(Events(FirstOf(2), 10));
        var cache = new FrameCache(2 * size);
        cache.Put(Owner, Events(FirstOf(0), 10));
        cache.Put(Owner, Events(FirstOf(1), 10));
        cache.TryRead(Owner, FirstOf(0), long.MaxValue, null, out _);

        cache.Put(Owner, Events(FirstOf(2), 10));

        Assert.True(cache.TryRead(Owner, FirstOf(0), long.MaxValue, null, out _));
        Assert.False(cache.TryRead(Owner, FirstOf(1), long.MaxValue, null, out _));
        Assert.True(cache.TryRead(Owner, FirstOf(2), long.MaxValue, null, out _));
    }

    [Fact]
    public void Put_evicts_as_many_buffers_as_it_takes()
    {
        var size = Size(Events(1, 1));
        var cache = new FrameCache(8 * size);
        for (var place = 0; place < 8; place++)
            cache.Put(Owner, Events(FirstOf(place), 1));

        cache.Put(Owner, Events(FirstOf(8), 60));

        Assert.InRange(cache.Size, 1, Math.Max(8 * size, Size(Events(FirstOf(8), 60))));
        Assert.Equal((FirstOf(8), FirstOf(8) + 59), cache.NextHeld(Owner, FirstOf(8)));
    }

    [Fact]
    public void TryRead_serves_what_was_just_loaded_when_it_has_been_evicted()
    {
        var cache = new FrameCache(1);
        var loaded = Events(FirstOf(1), 10);
        cache.Put(Owner, loaded);
        cache.Put(Owner, Events(FirstOf(2), 10));

        Assert.Equal(FirstOf(2), cache.NextHeld(Owner, FirstOf(1))!.Value.First);
        Assert.True(cache.TryRead(Owner, FirstOf(1) + 3, FirstOf(1) + 5, loaded, out var slice));
        Assert.Equal(Text(Events(FirstOf(1) + 3, 3)), Text(slice.Bytes));
        Assert.False(cache.TryRead(Owner, FirstOf(1) + 10, long.MaxValue, loaded, out _));
        Assert.False(cache.TryRead(Owner, FirstOf(1) - 1, long.MaxValue, loaded, out _));
    }

    [Fact]
    public void Put_keeps_the_newest_buffer_when_it_alone_is_over_the_capacity()
    {
        var cache = new FrameCache(1);

        cache.Put(Owner, Events(1, 10));

        Assert.True(cache.TryRead(Owner, 1, long.MaxValue, null, out _));
    }

    [Fact]
    public void Evict_removes_one_owners_frames_only()
    {
        var other = new object();
        var cache = new FrameCache(long.MaxValue);
        cache.Put(Owner, Events(1, 3));
        cache.Put(other, Events(1, 3));

        cache.Evict(Owner);

        Assert.False(cache.TryRead(Owner, 1, long.MaxValue, null, out _));
        Assert.True(cache.TryRead(other, 1, long.MaxValue, null, out _));
        cache.Evict(other);
        Assert.Equal(0, cache.Size);
    }

    /// <summary>Places that are far apart.</summary>
    private static long FirstOf(long place) => (1000 * place) + 1;

    private static long Size(FrameBuffer buffer)
    {
        var cache = new FrameCache(long.MaxValue);
        cache.Put(Owner, buffer);
        return cache.Size;
    }

    private static FrameBuffer Events(long first, int count) => Assert.Single(
        From([.. Enumerable.Range(0, count).Select(i => new StoredEvent(first + i, null, Encoding.UTF8.GetBytes($"event {(first + i) % 10}"), default))]));

    private static List<FrameBuffer> From(IReadOnlyList<StoredEvent> events) => FrameBuffer.From(Epoch, events);

    private static void Put(FrameCache cache, List<FrameBuffer> buffers) => buffers.ForEach(buffer => cache.Put(Owner, buffer));

    private static string Text(FrameBuffer buffer) => Text(buffer.Slice(buffer.First, long.MaxValue).Bytes);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
