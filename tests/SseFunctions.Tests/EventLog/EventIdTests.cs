using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SseFunctions.EventLog;

namespace SseFunctions.Tests.EventLog;

public sealed class EventIdTests
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>What a browser may send in Last-Event-ID without a preflight: fetch.spec.whatwg.org/#cors-safelisted-request-header.</summary>
    private const int MaxCursorBytes = 128;

    /// <summary>All lengths of sequence alike, since most numbers up to the greatest have eight digits.</summary>
    private static readonly Gen<EventId> Ids =
        from length in Gen.Choose(4, 6)
        from epoch in Gen.ArrayOf(Gen.Elements(Digits.ToCharArray()), length)
        from places in Gen.Choose(0, 8)
        from digits in Gen.ArrayOf(Gen.Choose(0, 35), places)
        select new EventId(new string(epoch), digits.Aggregate(0L, (sum, digit) => (sum * 36) + digit));

    [Property(MaxTest = 2000)]
    public Property TryParse_gives_the_id_back_when_ToString_wrote_it() => Prop.ForAll(Arb.From(Ids), id =>
        EventId.TryParse(id.ToString(), out var parsed) && parsed == id);

    /// <summary>Two texts for one id would be two cursors for one place.</summary>
    [Property(MaxTest = 2000)]
    public Property ToString_gives_the_text_back_when_TryParse_took_it()
    {
        var nearlyIds =
            from id in Ids
            let text = id.ToString()
            from at in Gen.Choose(0, text.Length)
            from replaced in Gen.Choose(0, 1)
            from with in Gen.Elements("", "0", "-", "A", "z", ".", " ", "\n", "\u0660")
            select text[..at] + with + text[Math.Min(text.Length, at + replaced)..];
        return Prop.ForAll(Arb.From(nearlyIds), text => !EventId.TryParse(text, out var id) || id.ToString() == text);
    }

    [Theory]
    [InlineData("abcd-1", "abcd", 1)]
    [InlineData("abcdef-0", "abcdef", 0)]
    [InlineData("0000-a", "0000", 10)]
    [InlineData("k3x9p2-10", "k3x9p2", 36)]
    [InlineData("abcdef-zzzzzzzz", "abcdef", EventId.MaxSequence)]
    public void TryParse_reads_base_36_when_the_text_is_canonical(string text, string epoch, long sequence)
    {
        Assert.True(EventId.TryParse(text, out var id));
        Assert.Equal(new EventId(epoch, sequence), id);
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("abcdef")]
    [InlineData("abcdef-")]
    [InlineData("-1")]
    [InlineData("abc-1")]
    [InlineData("abcdefg-1")]
    [InlineData("abcdef-01")] // a leading zero
    [InlineData("abcdef-00")]
    [InlineData("abcdef-A")]
    [InlineData("ABCDEF-1")]
    [InlineData("abcdef-100000000")] // nine digits
    [InlineData("abcdef-1-2")]
    [InlineData("abcdef--1")]
    [InlineData("abcdef-+1")]
    [InlineData("abcdef-1 ")]
    [InlineData(" abcdef-1")]
    [InlineData("abcdef-1\n")]
    [InlineData("abc.ef-1")] // the dot joins the ids of a multi-topic cursor
    [InlineData("abcdef-1.abcdef-2")]
    [InlineData("abcdef-\u0661")]
    public void TryParse_refuses_when_the_text_is_not_what_ToString_writes(string? text)
    {
        Assert.False(EventId.TryParse(text, out var id));
        Assert.Equal(default, id);
    }

    [Fact]
    public void ToString_leaves_room_for_eight_topics_when_ids_have_their_maximum_length()
    {
        var cursor = string.Join('.', Enumerable.Repeat(new EventId(EventId.NewEpoch(), EventId.MaxSequence), 8));

        Assert.InRange(Encoding.UTF8.GetByteCount(cursor), 1, MaxCursorBytes);
    }

    [Fact]
    public void NewEpoch_is_a_new_valid_epoch_other_than_that_of_Start_when_made()
    {
        var epochs = Enumerable.Range(0, 1000).Select(_ => EventId.NewEpoch()).ToList();

        // The length, not luck, keeps them from Start's: a random "0000" would come about once in 1.7 million.
        Assert.All(epochs, epoch => Assert.NotEqual(EventId.Start.Epoch.Length, epoch.Length));
        Assert.All(epochs, epoch => Assert.True(EventId.TryParse($"{epoch}-1", out _)));
        Assert.InRange(epochs.Distinct().Count(), 999, 1000);
    }

    [Fact]
    public void Start_is_a_cursor_that_a_client_can_send_back_when_written()
    {
        Assert.True(EventId.TryParse(EventId.Start.ToString(), out var parsed));
        Assert.Equal(EventId.Start, parsed);
    }
}
