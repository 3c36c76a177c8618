using Microsoft.Extensions.DependencyInjection;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Publishing;

public sealed class EventPublisherTests : IAsyncLifetime
{
    private TestHost host = null!;
    private IEventPublisher publisher = null!;

    public async Task InitializeAsync()
    {
        host = await TestHost.StartAsync();
        publisher = host.Services.GetRequiredService<IEventPublisher>();
    }

    public Task DisposeAsync() => host.DisposeAsync().AsTask();

    [Fact]
    public async Task PublishAsync_publishes_what_streams_then_bring()
    {
        var result = await publisher.PublishAsync("orders", [new SseEvent("größer\nals"), new SseEvent("{}", "created")]);

        await using var stream = await host.OpenAsync("events/orders?from=start");
        Assert.Equal(
            [new SseMessage(result.Ids[0], "message", "größer\nals"), new SseMessage(result.Ids[1], "created", "{}")],
            await stream.ReadEventsAsync(2));
        Assert.False(result.IsRepeat);
    }

    [Fact]
    public async Task PublishAsync_answers_with_the_first_ids_when_a_key_is_repeated_here_or_over_HTTP()
    {
        var first = await publisher.PublishAsync("orders", [new SseEvent("a")], "key");

        var repeat = await publisher.PublishAsync("orders", [new SseEvent("a")], "key");

        Assert.Equal((first.Ids[0], true), (Assert.Single(repeat.Ids), repeat.IsRepeat));
        await Assert.ThrowsAsync<IdempotencyKeyReusedException>(() => publisher.PublishAsync("orders", [new SseEvent("b")], "key"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "events/orders") { Content = new StringContent("a") };
        request.Headers.Add("Idempotency-Key", "key");
        using var answer = await host.Client.SendAsync(request);
        Assert.Contains(first.Ids[0], await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishAsync_throws_what_says_why_when_it_refuses()
    {
        Assert.Equal("data", (await LimitAsync(new SseEvent(new string('x', (64 * 1024) + 1)))).Field);
        Assert.Equal("type", (await LimitAsync(new SseEvent("", "sse.reset"))).Field);
        Assert.Equal("events", (await LimitAsync()).Field);
        Assert.Equal("events", (await LimitAsync([.. Enumerable.Repeat(new SseEvent(""), 99)])).Field);
        Assert.Equal("Idempotency-Key", (await Assert.ThrowsAsync<InvalidInputException>(() => publisher.PublishAsync("orders", [new SseEvent("")], "a b"))).Field);
        await Assert.ThrowsAsync<ArgumentException>("topic", () => publisher.PublishAsync("-a", [new SseEvent("")]));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => publisher.PublishAsync("orders", [new SseEvent("\ud800")]));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => publisher.PublishAsync("orders", [new SseEvent("", "\ud800")]));
        using var end = await host.Client.PostAsync("topics/orders/complete", null);
        await Assert.ThrowsAsync<TopicCompleteException>(() => publisher.PublishAsync("orders", [new SseEvent("")]));
    }

    private Task<InvalidInputException> LimitAsync(params SseEvent[] events) =>
        Assert.ThrowsAsync<InvalidInputException>(() => publisher.PublishAsync("orders", events));
}
