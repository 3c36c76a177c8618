using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SseFunctions.EventLog;
using SseFunctions.Streaming;

namespace SseFunctions.Tests.Streaming;

/// <summary>What readers of one filter share: the bytes, and the memory that the cache counts.</summary>
public class FilteredFramesTests
{
    private const string Epoch = "abc123";
    private static readonly object Owner = new();
    private static readonly EventFilter Odd = new(["odd"]);

    /// <summary>Whatever is read in whatever order, while the frames grow: what the filter passes, whole and in order, and how far that goes.</summary>
    [Property(MaxTest = 300)]
    public Property TryRead_gives_what_the_filter_passes_of_every_range() => Prop.ForAll(
        Gen.Elements("odd", "even", null).ListOf(40).SelectMany(types => Gen.Choose(1, 40).Two().ListOf().Select(reads => (Types: types, Reads: reads))).ToArbitrary(),
        drawn =>
        {
            var cache = new FrameCache(long.MaxValue);
            var (types, put) = (drawn.Types.ToList(), 0);
            foreach (var (a, b) in drawn.Reads)
            {
                for (var last = Math.Max(a, b); put < last; put++)
                    Put(cache, [Stored(put + 1, types[put])]);

                var (sequence, until) = (Math.Min(a, b), Math.Max(a, b));
                var passed = new StringBuilder();
                while (sequence <= until)
                {
                    Assert.True(cache.TryRead(Owner, sequence, until, null, out var slice, Odd));
                    passed.Append(Encoding.UTF8.GetString(slice.Bytes.Span));
                    Assert.Equal(Frames(types, sequence, (int)slice.Last), Encoding.UTF8.GetString(slice.Bytes.Span));
                    Assert.Equal(types[(sequence - 1)..(int)slice.Last].Count(type => type == "odd"), slice.Passed);
                    Assert.Equal(types[(int)slice.Last - 1] != "odd", slice.LeavesOutLast);
                    sequence = (int)slice.Last + 1;
                }

                Assert.Equal(Frames(types, Math.Min(a, b), until), passed.ToString());
            }
        });

    [Fact]
    public void TryRead_hands_out_64_KiB_at_most_and_goes_on_after_them()
    {
        var cache = new FrameCache(long.MaxValue);
        for (var i = 1; i <= 40; i++)
            Put(cache, [Stored(i, i % 2 == 0 ? "even" : "odd", 9_000)]);

        var numbers = new List<long>();
        for (long sequence = 1; sequence <= 40;)
        {
            Assert.True(cache.TryRead(Owner, sequence, 40, null, out var slice, Odd));
            Assert.InRange(slice.Bytes.Length, 1, FrameSlice.MaxBytes);
            for (var rest = slice.Bytes; !rest.IsEmpty; rest = rest[(rest.Span.IndexOf("\n\n"u8) + 2)..])
                numbers.Add(EventId(rest).Sequence);

            sequence = slice.Last + 1;
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(i => (2L * i) + 1), numbers);
    }

    [Fact]
    public void Readers_of_equal_filters_get_the_same_bytes_and_others_their_own()
    {
        var cache = new FrameCache(long.MaxValue);
        Put(cache, [Stored(1, "odd"), Stored(2, "even")]);

        cache.TryRead(Owner, 1, 2, null, out var one, new EventFilter(["x", "odd"]));
        cache.TryRead(Owner, 1, 2, null, out var same, new EventFilter(["odd", "x", "odd"]));
        cache.TryRead(Owner, 1, 2, null, out var other, new EventFilter(["even"]));

        Assert.True(one.Bytes.Equals(same.Bytes)); // the same place in the same array
        Assert.NotEqual(Text(one), Text(other));
        Assert.False(new EventFilter(["ab"]).Equals(new EventFilter(["a", "b"])));
    }

    /// <summary>Whoever makes up types does not make the process keep frames for each of them.</summary>
    [Fact]
    public void Frames_are_kept_for_so_many_filters_and_no_more_and_are_counted()
    {
        var cache = new FrameCache(long.MaxValue);
        Put(cache, [Stored(1, "odd", 10_000)]);
        var before = cache.Size;
        for (var i = 0; i < 4 * FrameBuffer.MaxFilters; i++)
        {
            Assert.True(cache.TryRead(Owner, 1, 1, null, out var slice, new EventFilter(["odd", $"{i}"])));
            Assert.Equal(1, slice.Passed);
        }

        Assert.InRange(cache.Size - before, FrameBuffer.MaxFilters * 10_000, FrameBuffer.MaxFilters * 12_000);
        cache.Evict(Owner);
        Assert.Equal(0, cache.Size);
    }

    [Fact]
    public void Frames_that_are_kept_for_filters_make_older_ones_go()
    {
        var cache = new FrameCache(60_000);
        Put(cache, [Stored(1, "odd", 20_000)]);
        Put(cache, [Stored(1_001, "odd", 20_000)]);

        Assert.True(cache.TryRead(Owner, 1_001, 1_001, null, out _, Odd));

        Assert.False(cache.TryRead(Owner, 1, 1, null, out _));
        Assert.True(cache.TryRead(Owner, 1_001, 1_001, null, out _));
        Assert.InRange(cache.Size, 40_000, 60_000);
    }

    [Theory]
    [InlineData(null, "message", true)]
    [InlineData("message", "message", true)]
    [InlineData("order", "message", false)]
    [InlineData("order", "order", true)]
    [InlineData("orders", "order", false)]
    [InlineData("order", "orders", false)]
    [InlineData("é: data: x", "é: data: x", true)]
    public void Filter_passes_the_type_as_a_client_would_get_it(string? type, string wanted, bool passes)
    {
        var cache = new FrameCache(long.MaxValue);
        Put(cache, [Stored(1, type)]);

        cache.TryRead(Owner, 1, 1, null, out var slice, new EventFilter([wanted]));

        Assert.Equal(passes, !slice.Bytes.IsEmpty);
    }

    private static void Put(FrameCache cache, IReadOnlyList<StoredEvent> events) => FrameBuffer.From(Epoch, events).ForEach(buffer => cache.Put(Owner, buffer));

    private static StoredEvent Stored(long sequence, string? type, int bytes = 5) => new(sequence, type, Encoding.UTF8.GetBytes(new string('x', bytes)), default);

    private static string Frames(List<string?> types, int first, int last) => string.Concat(
        Enumerable.Range(first, last - first + 1).Where(sequence => types[sequence - 1] == "odd").Select(sequence => $"id: {new EventId(Epoch, sequence)}\nevent: odd\ndata: xxxxx\n\n"));

    private static EventId EventId(ReadOnlyMemory<byte> frames) =>
        SseFunctions.EventLog.EventId.TryParse(Encoding.UTF8.GetString(SseFrame.IdOf(frames.Span)), out var id) ? id : throw new InvalidDataException();

    private static string Text(FrameSlice slice) => Encoding.UTF8.GetString(slice.Bytes.Span);
}
