/** Which route of an HTTP API takes a request: the most specific one that matches. */
import type { StackRoute } from '../stack-routes.ts';

export interface ApiRoute extends StackRoute {
  /** Runs the function behind the route. */
  invoke(event: unknown): Promise<unknown>;
}

export interface RouteMatch {
  readonly route: ApiRoute;
  /** As API Gateway names the route: `ANY /machine/{proxy+}`. */
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** @param path - decoded: an escaped slash parts segments, as it does in AWS. */
export function selectRoute(
  routes: readonly ApiRoute[],
  method: string,
  path: string,
): RouteMatch | undefined {
  const [best] = routes
    .flatMap((route) => {
      if (route.method !== '*' && route.method !== method) return [];
      const pathParameters = parametersOf(route.path, path);
      return pathParameters === undefined ? [] : [{ route, routeKey: keyOf(route), pathParameters }];
    })
    .toSorted((a, b) => (rankOf(a.route) < rankOf(b.route) ? -1 : 1));
  return best;
}

const keyOf = ({ method, path }: StackRoute): string =>
  path === '*' ? '$default' : `${method === '*' ? 'ANY' : method} ${path}`;

/** What a segment `{name}` or `{name+}` of a route stands for. */
function variableOf(segment: string): { name: string; isGreedy: boolean } | undefined {
  const [, name, plus] = /^\{([^{}+]+)(\+?)\}$/.exec(segment) ?? [];
  return name === undefined ? undefined : { name, isGreedy: plus === '+' };
}

function parametersOf(pattern: string, path: string): Record<string, string> | undefined {
  if (pattern === '*') return {};
  const parameters: Record<string, string> = {};
  const wanted = pattern.split('/');
  const given = path.split('/');
  for (const [at, segment] of wanted.entries()) {
    const variable = variableOf(segment);
    const value = variable?.isGreedy === true ? given.slice(at).join('/') : given[at];
    if (variable === undefined) {
      if (value !== segment) return undefined;
      continue;
    }
    if (value === undefined || value === '') return undefined;
    parameters[variable.name] = value;
    if (variable.isGreedy) return parameters;
  }
  return given.length === wanted.length ? parameters : undefined;
}

/**
 * Sorts the most specific route first: those without a greedy variable, then those with one, then $default;
 * among them by segments from the left; and last by the method.
 */
function rankOf({ method, path }: StackRoute): string {
  const segments = path.split('/').map((segment) => {
    const variable = variableOf(segment);
    if (variable === undefined) return '0';
    return variable.isGreedy ? '2' : '1';
  });
  const form = path === '*' ? '2' : segments.includes('2') ? '1' : '0';
  return `${form}${segments.join('')}${method === '*' ? '1' : '0'}`;
}
