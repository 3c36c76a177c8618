using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace SseFunctions.WebApp;

/// <summary>Who brings the key of the setting BackendKey is the backend.</summary>
internal sealed class KeyAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IConfiguration configuration)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public new const string Scheme = "Key";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers["x-functions-key"] != configuration["BackendKey"])
            return Task.FromResult(AuthenticateResult.NoResult());

        var backend = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "backend")], Scheme));
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(backend, Scheme)));
    }
}
