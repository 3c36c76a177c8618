using GuestApp;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Logging.AddFilter("GuestApp", LogLevel.Debug);
builder.Services.AddSingleton<AppReport>();
if (Environment.GetEnvironmentVariable("WITHOUT_SSE") is null)
    builder.AddSseFunctions(sse => (sse.RoutePrefix, sse.Section) = (builder.Configuration["SsePrefix"], builder.Configuration["SseSection"] ?? ""));
await builder.Build().RunAsync();
