using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using SseFunctions.Api;
using SseFunctions.Tests.EventLog;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>A publisher that leaves after it has sent its event may count on it.</summary>
public sealed class LeavingPublisherTests
{
    [Fact]
    public async Task Event_is_appended_when_its_publisher_leaves_while_it_waits_for_another_append()
    {
        await using var storage = await StorageProxy.StartAsync();
        await using var host = await TestHost.StartAsync(connectionString: storage.ConnectionString);
        await host.PublishAsync("a", "1"); // makes the table
        var write = HeldCall.Next(storage, call => call.IsTransaction);

        var first = host.PublishAsync("a", "2");
        await write.HeldAsync();
        using var leaves = new CancellationTokenSource();
        using var body = new MemoryStream("3"u8.ToArray());
        var context = new DefaultHttpContext { RequestServices = host.Services, RequestAborted = leaves.Token };
        (context.Request.Method, context.Request.ContentType, context.Request.Body) = ("POST", "text/plain", body);
        var second = host.Services.GetRequiredService<PublishEndpoint>().PublishAsync(context, "a", CancellationToken.None); // waits for the first
        Assert.False(second.IsCompleted);
        await leaves.CancelAsync();
        write.Release();
        await first;
        await second.WaitAsync(SseStream.Timeout);

        Assert.Equal(3, (await host.Client.GetFromJsonAsync<JsonElement>("topics/a")).GetProperty("count").GetInt32());
    }
}
