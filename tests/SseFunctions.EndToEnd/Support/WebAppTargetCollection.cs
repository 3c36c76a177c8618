namespace SseFunctions.EndToEnd.Support;

[CollectionDefinition(WebAppTarget.Collection)]
public sealed class WebAppTargetCollection : ICollectionFixture<WebAppTarget>;
