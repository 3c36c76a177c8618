using Microsoft.AspNetCore.Http;
using SseFunctions.Access;

namespace SseFunctions.Api;

/// <summary>The answer to a reader without access: 401, or 403 where the token is good and for other topics.</summary>
internal static class AccessProblem
{
    /// <returns>Null when access is granted.</returns>
    public static IResult? Of(TopicAccess access, HttpResponse response)
    {
        if (access.Fault is not { } fault)
            return null;

        // A 401 must say how to authenticate: RFC 9110, section 11.6.1; the errors are those of RFC 6750, section 3.1.
        var (status, challenge) = access.Outcome switch
        {
            AccessOutcome.NotCovered => (StatusCodes.Status403Forbidden, "Bearer error=\"insufficient_scope\""),
            AccessOutcome.InvalidToken => (StatusCodes.Status401Unauthorized, "Bearer error=\"invalid_token\""),
            _ => (StatusCodes.Status401Unauthorized, "Bearer"),
        };
        response.Headers.WWWAuthenticate = challenge;
        return Problem.Of(status, "No access", fault.Message, fault.Field, fault.Limit, fault.Size);
    }
}
