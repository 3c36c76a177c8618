using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SseFunctions.Benchmarks.Servers;

/// <summary>Bare Kestrel requests: one that holds its response open, the minimum that a stream costs in memory; one that answers at once.</summary>
internal static class HeldResponse
{
    public const string Verb = "held";

    /// <summary>Answers so many <c>?bytes=</c>.</summary>
    public const string AtOncePath = "/at-once";

    public static async Task<int> RunAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning); // as in the emitter: with a logger, each request has its scope and activity
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        await using var app = builder.Build();
        app.MapGet("/", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.BodyWriter.WriteAsync(": open\n\n"u8.ToArray());
            var end = new TaskCompletionSource();
            await using var left = context.RequestAborted.UnsafeRegister(_ => end.SetResult(), null);
            await end.Task;
        });
        app.MapGet(AtOncePath, async (HttpContext context, int bytes) =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.BodyWriter.WriteAsync(new byte[bytes]);
        });
        await app.StartAsync();
        Console.WriteLine("listening");
        await Console.In.ReadToEndAsync(); // until the one that started it ends
        return 0;
    }
}
