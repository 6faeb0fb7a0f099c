/** The arrows of the house: who may import whom. `npm run arrows` holds them. */
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: '^(functions|lib|cli|local|test|bench|scripts|events)/', pathNot: allowed },
});

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only(
      'lock-knows-only-itself',
      '^lib/lock/',
      '^lib/(lock|errors|json)',
      'the law depends on nothing but the names of failures',
    ),
    only('policy-over-lock', '^lib/policy/', '^lib/(policy|lock|errors|json)', 'pure: values in, values out'),
    only(
      'plan-over-policy',
      '^lib/plan/',
      '^lib/(plan|policy|lock|errors|json)',
      'pure: rows and a policy in, a plan out',
    ),
    only(
      'headers-over-policy',
      '^lib/headers/',
      '^lib/(headers|policy|lock|errors|json)',
      'pure: values in, values out',
    ),
    only(
      'probe-is-questions',
      '^lib/probe/',
      '^lib/(probe|lock|errors|json)',
      'what is asked, and what answers mean',
    ),
    only(
      'doctor-judges',
      '^lib/doctor/',
      '^lib/(doctor|probe|ports|policy|lock|errors|json)',
      'what was seen of a bucket, and what it means',
    ),
    only(
      'matters-are-pure',
      '^lib/matters/',
      '^lib/(matters|policy|lock|errors|json)',
      'the protocol of holds: values in, values out',
    ),
    only(
      'reports-are-pure',
      '^lib/report/',
      '^lib/(report|matters|policy|lock|audit|errors|json)',
      'certificates: values in, text out',
    ),
    only(
      'http-asks-use-cases',
      '^lib/http/',
      '^lib/(http|app|matters|report|ports|lock|policy|errors|json)',
      'requests in, answers out',
    ),
    only(
      'ports-are-words',
      '^lib/ports/',
      '^lib/(ports|plan|runs|lock|policy|audit|errors|json)',
      'interfaces only',
    ),
    only(
      'runs-over-plan',
      '^lib/runs/',
      '^lib/(runs|plan|ports|policy|lock|audit|errors|json)',
      'how a plan is carried out: states, jobs, reports',
    ),
    only('audit-is-pure', '^lib/audit/', '^lib/(audit|lock|policy|errors|json)', 'records are values'),
    only(
      'app-uses-ports',
      '^lib/app/',
      '^lib/(app|matters|report|runs|plan|doctor|probe|ports|lock|policy|audit|events|errors|json)',
      'use cases never see an adapter',
    ),
    only(
      'adapters-implement-ports',
      '^lib/(aws|providers)/',
      '^lib/(aws|providers|ports|plan|runs|probe|matters|lock|policy|audit|errors|json)',
      'adapters know ports, not use cases',
    ),
    only(
      'roots-know-both-sides',
      '^lib/compose/',
      '^lib/',
      'the only place that joins use cases and adapters',
    ),
    only(
      'functions-stay-thin',
      '^functions/',
      '^lib/',
      'a function parses, calls one use case, maps the answer',
    ),
    only(
      'the-judge-stands-alone',
      '^local/',
      '^local/',
      'the embedded cloud shares no code with what it judges',
    ),
    {
      name: 'pure-core-has-no-sdk',
      severity: 'error',
      from: { path: '^lib/(lock|policy|plan|matters|report|audit|app|ports|events|probe|doctor)/' },
      to: { path: 'node_modules/(@aws-sdk|@smithy|@aws-lambda-powertools|@middy)' },
    },
    {
      name: 'pure-core-has-no-io',
      severity: 'error',
      from: { path: '^lib/(lock|policy|plan|matters|report|probe|doctor)/' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js'] },
  },
};
