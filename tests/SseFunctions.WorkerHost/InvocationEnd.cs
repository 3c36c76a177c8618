using Yarp.ReverseProxy.Forwarder;

namespace SseFunctions.WorkerHost;

/// <summary>An invocation that has ended.</summary>
/// <param name="Function">The function's name.</param>
/// <param name="Succeeded">What the worker has said of it; false where the worker went.</param>
/// <param name="Forwarding">What became of its HTTP half; None where there was none.</param>
/// <param name="AfterCancel">How long it went on after its token was fired, by the system's clock; null where it was not.</param>
internal sealed record InvocationEnd(string Function, bool Succeeded, ForwarderError Forwarding, TimeSpan? AfterCancel);
