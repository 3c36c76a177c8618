using Azure.Storage.Queues.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Runs;
using SseFunctions.Publishing;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Runs;

/// <summary>The local host with the sample's functions: POST runs, the queue after it, and the page.</summary>
internal sealed class ChatHost : IAsyncDisposable
{
    private readonly TestHost host;
    private readonly TaskCompletionSource<Run> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task running = Task.CompletedTask;

    private ChatHost(TestHost host) => this.host = host;

    public ScriptedModel Model { get; } = new();

    /// <summary>The only run, once it has been started.</summary>
    public Task<Run> Started => started.Task.WaitAsync(SseStream.Timeout);

    /// <summary>The queue's function that answers it.</summary>
    public Task Running => running.WaitAsync(SseStream.Timeout);

    public Uri BaseAddress => host.BaseAddress;

    public HttpClient Client => host.Client;

    public static async Task<ChatHost> StartAsync(params string[] settings)
    {
        ChatHost? owner = null;
        var host = await TestHost.StartAsync(settings, configure: builder =>
            builder.Services.AddSingleton<IStartupFilter>(new Route(context => owner!.AnswerAsync(context))));
        return owner = new ChatHost(host);
    }

    /// <summary>Delivers the run's message once more, as a queue does after a failure.</summary>
    public async Task DeliverAgainAsync() => await Functions().RunAsync(Message(await Started, deliveries: 2), CancellationToken.None);

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    private static QueueMessage Message(Run run, long deliveries) =>
        QueuesModelFactory.QueueMessage("1", "receipt", BinaryData.FromObjectAsJson(run), deliveries);

    private ChatRuns Functions() => new(Model, host.Services.GetRequiredService<IEventPublisher>());

    private async Task<bool> AnswerAsync(HttpContext context)
    {
        switch (context.Request.Method, context.Request.Path.Value)
        {
            case ("GET", "/api/run.html"):
                context.Response.ContentType = "text/html";
                await context.Response.SendFileAsync(Path.GetFullPath(Path.Combine(NodeFolder.FullName, "..", "..", "SseFunctions.Samples", "run.html")));
                return true;
            case ("POST", "/api/runs"):
                var answer = await Functions().StartAsync(context.Request);
                running = Task.Run(() => Functions().RunAsync(Message(answer.Run, deliveries: 1), CancellationToken.None));
                await answer.Answer.ExecuteAsync(context);
                started.TrySetResult(answer.Run);
                return true;
            default:
                return false;
        }
    }

    private sealed class Route(Func<HttpContext, Task<bool>> answer) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, onward) =>
            {
                if (!await answer(context))
                    await onward();
            });
            next(app);
        };
    }
}
