using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Runs;

/// <summary>The AI SDK's chat over the transport of docs/runs.md: the page shows exactly what the model said, whatever comes between.</summary>
public sealed partial class ChatTransportTests
{
    [Fact]
    public async Task Chat_shows_an_answer_as_it_comes_and_has_nothing_to_resume_after_it()
    {
        await using var host = await ChatHost.StartAsync();
        await using var page = await NodeChat.OpenAsync(host.BaseAddress);
        await page.SayAsync("What is it?");

        host.Model.Say("It is ");
        await page.ReadTextAsync("It is ");
        host.Model.Say("größer\n", "als \"6\".");
        await page.ReadTextAsync(host.Model.Said);
        host.Model.End();
        await page.ReadStatusAsync("ready");

        Assert.Equal("What is it?", host.Model.Asked);
        await page.ResumeAsync();
        Assert.Equal(host.Model.Said, (await page.ReadStatusAsync("ready")).GetProperty("text").GetString());
    }

    [Fact]
    public async Task Chat_resumes_the_answer_when_the_page_is_loaded_again_in_its_middle()
    {
        await using var host = await ChatHost.StartAsync();
        string topic;
        await using (var before = await NodeChat.OpenAsync(host.BaseAddress))
        {
            await before.SayAsync("Go on.");
            host.Model.Say("a", "b");
            topic = (await before.ReadTextAsync("ab")).GetProperty("topic").GetString()!;
        }

        host.Model.Say("c");
        await using var page = await NodeChat.OpenAsync(host.BaseAddress, topic);
        await page.ResumeAsync();
        await page.ReadTextAsync("abc");
        host.Model.Say("d");
        host.Model.End();

        await page.ReadTextAsync("abcd");
        await page.ReadStatusAsync("ready");
        Assert.Equal(topic, (await host.Started).Topic);
    }

    [Fact]
    public async Task Chat_has_nothing_to_resume_when_there_was_no_run()
    {
        await using var host = await ChatHost.StartAsync("Access:AnonymousTopics=run-*");
        await using var page = await NodeChat.OpenAsync(host.BaseAddress);

        await page.ResumeAsync();

        Assert.Equal("ready", (await page.ReadAsync(_ => true)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Chat_shows_all_of_an_answer_when_responses_end_and_connections_are_cut()
    {
        const int Rounds = 4;
        await using var host = await ChatHost.StartAsync("Stream:Lifetime=00:00:01", "Stream:Retry=00:00:00.100");
        await using var proxy = CuttingProxy.Start(host.BaseAddress);
        await using var page = await NodeChat.OpenAsync(proxy.BaseAddress);
        await page.SayAsync("At length.");
        for (var round = 0; round < Rounds; round++)
        {
            host.Model.Say($"{round}", ".");
            await page.ReadTextAsync(host.Model.Said);
            if (round % 2 == 0)
                proxy.CutSome(100, new Random(FuzzSeed.Value + round));
            else
                await EndsAsync(proxy, Ends().Count(proxy.Answered) + 1);

            host.Model.Say([.. Enumerable.Range(0, 100).Select(n => $"{n} ")]);
            await page.ReadTextAsync(host.Model.Said);
        }

        host.Model.End();

        await page.ReadStatusAsync("ready");
        Assert.True(proxy.Cuts > 0);
    }

    [Fact]
    public async Task Chat_resumes_all_of_an_answer_that_is_over_when_its_first_response_ended_before_its_first_event()
    {
        await using var host = await ChatHost.StartAsync();
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var other = await NodeChat.OpenAsync(host.BaseAddress);
        await other.SayAsync("Go on.");
        var isOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Fault = async context =>
        {
            proxy.Fault = null;
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync();
            await isOver.Task;
        };
        await using var page = await NodeChat.OpenAsync(proxy.BaseAddress, (await host.Started).Topic);
        await page.ResumeAsync();
        await proxy.Faults.ReachesAsync(1);
        host.Model.Say("a", "b");
        host.Model.End();
        await host.Running;
        isOver.SetResult();

        await page.ReadTextAsync("ab");
        await page.ReadStatusAsync("ready");
    }

    [Theory]
    [InlineDataInFull(429)]
    [InlineDataInFull(502)]
    [InlineData(503)]
    public async Task Chat_shows_all_of_an_answer_when_a_proxy_refuses_for_a_while(int status)
    {
        await using var host = await ChatHost.StartAsync("Stream:Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var page = await NodeChat.OpenAsync(proxy.BaseAddress);
        await page.SayAsync("Go on.");
        host.Model.Say("a");
        await page.ReadTextAsync("a");

        proxy.Answer(status);
        proxy.Cut();
        await proxy.Faults.ReachesAsync(2);
        proxy.Fault = null;
        host.Model.Say("b");
        host.Model.End();

        await page.ReadTextAsync("ab");
        await page.ReadStatusAsync("ready");
    }

    [Theory]
    [InlineData(403, "The run's stream answers 403.")]
    [InlineData(200, "A part of the answer is lost.")]
    public async Task Chat_shows_an_error_when_it_cannot_have_all_of_an_answer(int status, string error)
    {
        await using var host = await ChatHost.StartAsync("Stream:Retry=00:00:00.100");
        await using var proxy = await HostProxy.StartAsync(host.BaseAddress);
        await using var page = await NodeChat.OpenAsync(proxy.BaseAddress);
        await page.SayAsync("Go on.");
        host.Model.Say("a");
        await page.ReadTextAsync("a");

        proxy.Fault = async context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("id: abc123-7\nevent: sse.reset\ndata: {\"reason\":\"expired\"}\n\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        };
        proxy.Cut();

        var state = await page.ReadAsync(state => state.GetProperty("error").GetString() is not null);
        Assert.Equal(("error", error), (state.GetProperty("status").GetString(), state.GetProperty("error").GetString()));
        host.Model.End();
    }

    [GeneratedRegex("end of this response")]
    private static partial Regex Ends();

    private static async Task EndsAsync(CuttingProxy proxy, int count)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.05), TimeProvider.System);
        using var timeout = new CancellationTokenSource(SseStream.Timeout);
        while (Ends().Count(proxy.Answered) < count)
            await timer.WaitForNextTickAsync(timeout.Token);
    }

    [Fact]
    public async Task Chat_shows_an_error_and_not_its_reason_when_the_model_fails()
    {
        await using var host = await ChatHost.StartAsync();
        await using var page = await NodeChat.OpenAsync(host.BaseAddress);
        await page.SayAsync("Break.");
        host.Model.Say("a");
        await page.ReadTextAsync("a");

        host.Model.End(new InvalidOperationException("secret"));

        var state = await page.ReadAsync(state => state.GetProperty("error").GetString() is not null);
        Assert.Equal(
            ("error", "a", "The answer broke off."),
            (state.GetProperty("status").GetString(), state.GetProperty("text").GetString(), state.GetProperty("error").GetString()));
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Running);
    }
}
