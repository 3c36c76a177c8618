using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.AddSseFunctions(sse => sse
    .AddRetention() // old events go, every hour
    .ExportTelemetry() // to Application Insights, where it is set
    .QuietenWebServerLog() // its request lines would show tokens in URLs
    .TuneKestrel()); // for many streams
await builder.Build().RunAsync();
