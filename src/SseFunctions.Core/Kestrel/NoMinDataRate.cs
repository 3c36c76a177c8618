using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace SseFunctions.Kestrel;

/// <summary>
/// While a response's body is written: leaves it to Stream__WriteTimeout which clients are too slow. Kestrel's own limit would cut them
/// off earlier; it counts again for the response's end, which nobody else watches over.
/// </summary>
internal readonly struct NoMinDataRate : IDisposable
{
    private readonly IHttpMinResponseDataRateFeature? feature;
    private readonly MinDataRate? rate;

    private NoMinDataRate(IHttpMinResponseDataRateFeature? feature) => (this.feature, rate) = (feature, feature?.MinDataRate);

    public static NoMinDataRate For(HttpContext context)
    {
        var limit = new NoMinDataRate(context.Features.Get<IHttpMinResponseDataRateFeature>());
        limit.Set(null);
        return limit;
    }

    public void Dispose() => Set(rate);

    private void Set(MinDataRate? value)
    {
        if (feature is not null)
            feature.MinDataRate = value;
    }
}
