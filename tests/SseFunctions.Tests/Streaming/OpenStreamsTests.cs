using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

public class OpenStreamsTests
{
    [Fact]
    public void Stream_that_only_catches_up_takes_no_place_of_those_that_stay()
    {
        var streams = new OpenStreams(new StreamOptions { MaxStreams = 1 });
        using var held = streams.Enter();
        using var catchesUp = streams.Enter();
        Assert.Equal((StreamAdmission.Held, StreamAdmission.CatchUp, 1), (held.Admission, catchesUp.Admission, streams.Count));

        held.Dispose();

        Assert.Equal(0, streams.Count);
        using var next = streams.Enter();
        Assert.Equal((StreamAdmission.Held, 1), (next.Admission, streams.Count));
    }

    [Fact]
    public void Streams_are_turned_away_when_twice_as_many_are_open_as_may_stay()
    {
        var streams = new OpenStreams(new StreamOptions { MaxStreams = 2 });
        var places = Enumerable.Range(0, 6).Select(_ => streams.Enter()).ToList();
        Assert.Equal([StreamAdmission.TurnedAway, StreamAdmission.TurnedAway], places.Skip(4).Select(place => place.Admission));

        places.ForEach(place => place.Dispose());
        places.ForEach(place => place.Dispose()); // twice is once

        Assert.Equal(0, streams.Count);
        Assert.Equal(
            [StreamAdmission.Held, StreamAdmission.Held, StreamAdmission.CatchUp, StreamAdmission.CatchUp, StreamAdmission.TurnedAway],
            Enumerable.Range(0, 5).Select(_ => streams.Enter().Admission));
    }

    [Fact]
    public void Streams_of_one_token_or_address_are_limited_when_a_setting_says_so()
    {
        var streams = new OpenStreams(new StreamOptions { MaxStreamsPerToken = 1, MaxStreamsPerAddress = 2 });
        using var first = streams.Enter("t", "1.2.3.4");

        Assert.Equal(StreamAdmission.TurnedAway, streams.Enter("t", "5.6.7.8").Admission);
        using var second = streams.Enter("u", "1.2.3.4");
        Assert.Equal(StreamAdmission.Held, second.Admission);
        Assert.Equal(StreamAdmission.TurnedAway, streams.Enter(null, "1.2.3.4").Admission);
        first.Dispose();
        Assert.Equal(StreamAdmission.Held, streams.Enter("t", "1.2.3.4").Admission);
        Assert.Equal(StreamAdmission.Held, streams.Enter().Admission);
    }

    [Fact]
    public void Streams_of_one_client_are_not_limited_by_default()
    {
        var streams = new OpenStreams(new StreamOptions());

        Assert.All(Enumerable.Range(0, 500).Select(_ => streams.Enter("t", "1.2.3.4")), place => Assert.Equal(StreamAdmission.Held, place.Admission));
    }
}
