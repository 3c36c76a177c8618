using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SseFunctions.Access;
using SseFunctions.EventLog;
using SseFunctions.Publishing;
using SseFunctions.Streaming;

namespace SseFunctions.Api;

/// <summary>Registers the endpoints. They are public for the triggers, and their constructors are not.</summary>
internal static class EndpointServices
{
    public static void AddEndpoints(this IServiceCollection services)
    {
        BoundedBody.RefuseTruncatedBodies();
        services.AddSingleton<ErrorAnswers>();
        services.AddSingleton<AnswerWriter>();
        services.AddSingleton<StreamRunner>();
        services.AddSingleton<TopicStates>();
        services.AddAccess();
        services.AddSingleton(s => new StreamEndpoint(Get<ReadAccess>(s), Get<StreamRunner>(s), Get<ErrorAnswers>(s)));
        services.AddSingleton(s => new PublishEndpoint(
            Get<TableEventLog>(s), Get<AuthorizerCall>(s), Get<PublishLimits>(s), Get<SseFunctionsBuilder>(s), Get<ErrorAnswers>(s), Get<IHostApplicationLifetime>(s), Get<TimeProvider>(s)));
        services.AddSingleton(s => new TopicEndpoint(
            Get<TableEventLog>(s), Get<TopicStates>(s), Get<ReadAccess>(s), Get<ErrorAnswers>(s), Get<IHostApplicationLifetime>(s), Get<TimeProvider>(s)));
        services.AddSingleton<HistoryReader>();
        services.AddSingleton(s => new HistoryEndpoint(Get<ReadAccess>(s), Get<HistoryReader>(s), Get<AnswerWriter>(s), Get<TimeProvider>(s), Get<ErrorAnswers>(s)));
        services.AddSingleton(s => new TopicListEndpoint(Get<TableEventLog>(s), Get<ErrorAnswers>(s)));
        services.AddSingleton(s => new TokenEndpoint(Get<SubscriberTokens>(s), Get<TimeProvider>(s), Get<ErrorAnswers>(s)));
        services.AddSingleton(s => new DemoRunEndpoint(Get<DemoRuns>(s), Get<ErrorAnswers>(s), Get<IHostApplicationLifetime>(s)));
        services.AddSingleton(s => new HealthEndpoint(Get<TableEventLog>(s), Get<OpenStreams>(s), Get<TimeProvider>(s)));
    }

    private static void AddAccess(this IServiceCollection services)
    {
        services.AddSingleton(s => new AuthorizerCall(s, HasSharedAuthorizer(services), Get<TimeProvider>(s), Get<ILogger<AuthorizerCall>>(s)));
        services.AddSingleton<ReadAccess>();
        services.AddSingleton(s => new PublishLimits(Get<Settings>(s).Access, Get<TimeProvider>(s)));
        services.AddSingleton(s => new SubscriberTokens(Get<Settings>(s).Access));
        services.AddSingleton(s => new TokenVerifier(Get<SubscriberTokens>(s), [.. Get<Settings>(s).Access.Issuers.Select(
            issuer => new TokenIssuer(issuer, new IssuerKeys(issuer.Authority, Get<TimeProvider>(s), Get<ILogger<IssuerKeys>>(s))))]));
        services.AddSingleton(s => new TokenAuthorizer(Get<Settings>(s).Access, Get<TokenVerifier>(s), Get<TimeProvider>(s)));
        services.TryAddSingleton<ITopicAuthorizer>(s => Get<TokenAuthorizer>(s));
    }

    private static bool HasSharedAuthorizer(IServiceCollection services) =>
        services.Last(service => service.ServiceType == typeof(ITopicAuthorizer) && !service.IsKeyedService).Lifetime == ServiceLifetime.Singleton;

    private static T Get<T>(IServiceProvider services)
        where T : notnull =>
        services.GetRequiredService<T>();
}
