using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.Api;
using SseFunctions.Streaming;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Streaming;

/// <summary>A stream too many costs next to nothing, and its client comes back: never a 4xx, which would end an EventSource.</summary>
public class TurnedAwayTests
{
    [Fact]
    public async Task Stream_beyond_the_second_bound_is_told_to_come_back_before_a_feed_is_joined()
    {
        await using var host = await TestHost.StartAsync(["Stream:MaxStreams=1"]);
        await host.PublishAsync("a", "1");
        var streams = host.Services.GetRequiredService<OpenStreams>();
        using var held = streams.Enter();
        using var catchesUp = streams.Enter();

        await using var stream = await host.OpenAsync("events/a?from=start");

        Assert.True(stream.Response.Headers.ConnectionClose); // before it counts as one that others lack
        await AssertTurnedAwayAsync(stream);
        Assert.Equal(0, host.Services.GetRequiredService<TopicFeedRegistry>().Count);
        catchesUp.Dispose();
        await using var next = await host.OpenAsync("events/a?from=start");
        Assert.Equal("1", (await next.ReadEventAsync())!.Data);
    }

    /// <summary>In an app that trusts its proxy, which appends what it sees, perhaps with a port; before it stands what the client says.</summary>
    [Theory]
    [InlineData("9.9.9.9, 1.2.3.4:5678", "8.8.8.8, 1.2.3.4:9", "1.2.3.4:1, 1.2.3.5:1")]
    [InlineData("[2001:db8::1]:5678", "[2001:db8::ffff:0:0:2]:9", "[2001:db8:0:1::1]:9")]
    [InlineData("1.2.3.4", "[::ffff:1.2.3.4]:9", "")]
    public async Task Stream_of_an_address_that_has_too_many_is_told_to_come_back(string first, string same, string other)
    {
        await using var host = await TestHost.StartAsync(["Stream:MaxStreamsPerAddress=1", "ForwardedHeaders_Enabled=true"]);
        await using var held = await OpenAsync(host, first);

        await using (var second = await OpenAsync(host, same))
            await AssertTurnedAwayAsync(second);

        await using var another = await OpenAsync(host, other);
        await another.ReadFrameAsync();
        Assert.StartsWith("id: ", await another.ReadFrameAsync(), StringComparison.Ordinal);
    }

    /// <summary>Azure's front end appends what it sees, with a port. In any other app nobody need do so, and a client may write what it likes.</summary>
    [Theory]
    [InlineData(true, "9.9.9.9, 1.2.3.4:5678", "1.2.3.4")]
    [InlineData(true, "[2001:db8::1]:5678", "2001:db8::/64")]
    [InlineData(true, "", "10.0.0.1")]
    [InlineData(false, "9.9.9.9, 1.2.3.4:5678", "10.0.0.1")]
    public void Header_says_the_address_in_a_function_app_only(bool isFunctionApp, string forwardedFor, string address)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse("10.0.0.1");
        context.Request.Headers["X-Forwarded-For"] = forwardedFor;

        Assert.Equal(address, StreamClient.AddressOf(context.Request, isFunctionApp));
    }

    [Fact]
    public async Task Client_does_not_choose_its_address()
    {
        await using var host = await TestHost.StartAsync(["Stream:MaxStreamsPerAddress=1"]);
        await using var held = await OpenAsync(host, "1.2.3.4");

        await using var second = await OpenAsync(host, "1.2.3.5");

        await AssertTurnedAwayAsync(second);
    }

    /// <summary>The signature does not tell tokens apart: it can be another that is as good.</summary>
    [Fact]
    public async Task Stream_of_a_token_that_has_too_many_is_told_to_come_back()
    {
        await using var host = await TestHost.StartAsync(["Stream:MaxStreamsPerToken=1"]);
        await using var held = await host.OpenAsync("events/a?token=x.one.y");
        await held.ReadFrameAsync();

        await using (var second = await host.OpenAsync("events/b?token=x.one.z"))
            await AssertTurnedAwayAsync(second);

        await using var other = await host.OpenAsync("events/a?token=x.two.y");
        await other.ReadFrameAsync();
        Assert.StartsWith("id: ", await other.ReadFrameAsync(), StringComparison.Ordinal);
    }

    private static async Task<SseStream> OpenAsync(TestHost host, string forwardedFor)
    {
        using var client = new HttpClient(new SocketsHttpHandler(), disposeHandler: false) { BaseAddress = host.Client.BaseAddress };
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Forwarded-For", forwardedFor);
        return await SseStream.OpenAsync(client, "events/a");
    }

    private static async Task AssertTurnedAwayAsync(SseStream stream)
    {
        Assert.Equal(HttpStatusCode.OK, stream.Response.StatusCode);
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType?.ToString());
        Assert.Matches(@"\Aretry: \d+\n: too many streams", Assert.Single(await stream.ReadToEndAsync()));
    }
}
