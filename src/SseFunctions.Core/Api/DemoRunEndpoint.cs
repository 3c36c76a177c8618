using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using SseFunctions.EventLog;
using SseFunctions.Publishing;

namespace SseFunctions.Api;

/// <summary>POST demo/runs: starts a run for the demo page.</summary>
public sealed class DemoRunEndpoint
{
    /// <summary>A model's words, eight seconds of them, and a job's steps, ten.</summary>
    private static readonly (int Pieces, int Rate) Answer = (160, 20);
    private static readonly (int Pieces, int Rate) Job = (20, 2);

    private readonly DemoRuns runs;
    private readonly ErrorAnswers errors;
    private readonly IHostApplicationLifetime lifetime;

    internal DemoRunEndpoint(DemoRuns runs, ErrorAnswers errors, IHostApplicationLifetime lifetime) => (this.runs, this.errors, this.lifetime) = (runs, errors, lifetime);

    /// <summary>Starts a run.</summary>
    /// <returns>202 and the topic that it is in, once the topic has begun.</returns>
    public Task<IResult> StartAsync(HttpContext context) => errors.CatchAsync(context, async () =>
    {
        var kind = RequestValue.FromQuery(context.Request, "kind") ?? "answer";
        if (kind is not ("answer" or "job"))
            throw new InvalidInputException("kind", $"kind has {kind.Length} characters that are neither 'answer' nor 'job'.");

        var otherwise = kind == "job" ? Job : Answer;
        var pieces = RequestValue.NumberFromQuery(context.Request, "pieces", 1, DemoRun.MaxPieces) ?? otherwise.Pieces;
        var rate = RequestValue.NumberFromQuery(context.Request, "rate", 1, DemoRun.MaxRate) ?? otherwise.Rate;
        var run = new DemoRun(kind, (int)pieces, (int)rate);
        if (await runs.TryStartAsync(run, lifetime.ApplicationStopping))
            return TypedResults.Json(new { topic = run.Topic }, statusCode: StatusCodes.Status202Accepted);

        context.Response.Headers.RetryAfter = "5";
        return Problem.Create(StatusCodes.Status503ServiceUnavailable, "Too many runs", $"{DemoRuns.MaxRunning} runs are going on already. Try again.");
    });
}
