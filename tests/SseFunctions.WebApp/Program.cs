// An ASP.NET Core app with the emitter in it, as anybody's: it uses what is public, and its own authorization.
using Microsoft.AspNetCore.Authentication;
using SseFunctions.WebApp;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAuthentication(KeyAuthentication.Scheme).AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.Scheme, null);
builder.Services.AddAuthorization();
builder.Services.AddSseFunctions(builder.Configuration, sse => sse.AddClock().AddDemoPage());

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapSseFunctions().Keyed.RequireAuthorization();
app.Run();
