/** PW-013: the application can be imported without being started, so that it can be looked at, tested, and used by scripts. */
import type { Observation } from '../findings.ts'
import { defineCheck } from './check.ts'

export const importedApp = defineCheck({
  id: 'PW-013',
  title: 'The application cannot be imported without being started',
  needs: ['app'],
  run: ({ app: { name, failure, listening, problems } }) => [
    ...(failure === undefined ? [] : [failed(name, failure)]),
    ...[...new Set(listening)].map((place): Observation => ({
      severity: 'warning',
      seen: `${name} starts to listen when it is imported (${place}); it was given a free port of this machine instead`,
      fix: 'Export the application from a module of its own, and call listen in another one, which is started.',
    })),
    ...problems.map((problem): Observation => ({
      severity: 'warning',
      seen: `after the import of ${name}, an error reached no handler: ${problem}`,
      fix: 'Handle the error, or move what starts the application to another module.',
    })),
  ],
})

function failed(name: string, failure: string): Observation {
  return {
    severity: 'error',
    seen: `${name} cannot be looked at: ${failure}`,
    fix: 'Give --app the module that exports the application by default, with the variables set that it reads. A TypeScript module must run in Node.js as it is; otherwise give the compiled one.',
  }
}
