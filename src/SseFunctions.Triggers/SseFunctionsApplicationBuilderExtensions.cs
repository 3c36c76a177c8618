using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SseFunctions.Api;
using SseFunctions.Triggers;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Adds the emitter to a function app.</summary>
public static class SseFunctionsApplicationBuilderExtensions
{
    /// <summary>
    /// Registers what the functions of this library need, and <see cref="SseFunctions.Publishing.IEventPublisher"/> for the app's own.
    /// The app calls <c>ConfigureFunctionsWebApplication</c> as well.
    /// </summary>
    /// <param name="builder">The app's.</param>
    /// <param name="configure">What the app has beside the endpoints; null for nothing.</param>
    /// <exception cref="SseFunctions.Configuration.SettingsException">At least one setting has a wrong value; the exception names all.</exception>
    public static FunctionsApplicationBuilder AddSseFunctions(this FunctionsApplicationBuilder builder, Action<SseFunctionsBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var sse = new SseFunctionsBuilder(builder.Services, isFunctionApp: true);
        var settings = builder.Services.AddSseFunctions(sse, builder.Configuration, configure);
        builder.Services.AddHostedService<HostJsonAdviser>();
        builder.Services.AddSingleton<IFunctionMetadataTransformer>(new SseFunctionTransformer(sse, settings, builder.Configuration));
        return builder;
    }
}
