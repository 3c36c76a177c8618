using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Runs;

/// <summary>What the function that starts a run returns: a message for the queue, and the answer for the page.</summary>
public sealed record StartedRun([property: QueueOutput("runs")] Run Run, [property: HttpResult] IResult Answer);
