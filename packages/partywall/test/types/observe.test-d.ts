/** What TypeScript infers for logs, traces, metrics and health. Checked by `npm run types`; nothing here runs. */
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import pino from 'pino'
import { Registry } from 'prom-client'
import { expectTypeOf } from 'vitest'
import { healthHandler } from '../../src/http/express.ts'
import { sqlComments, TenantSpanProcessor, traceTenancy } from '../../src/observe/opentelemetry/opentelemetry.ts'
import { tenantMixin } from '../../src/observe/pino.ts'
import { tenancyMetrics } from '../../src/observe/prometheus/prometheus.ts'
import type { HealthReport } from '../../src/observe/health/health-report.ts'
import { createTenancy, type UsageRecord, type UsageReport } from '../../src/index.ts'
import type { Tenancy } from '../../src/tenancy.ts'

declare const tenancy: Tenancy<{ plan: string }>

pino({ mixin: tenantMixin(tenancy) })
// @ts-expect-error a key is text, or false
tenantMixin(tenancy, { id: true })
// @ts-expect-error it takes a tenancy
tenantMixin({})

void new BasicTracerProvider({ spanProcessors: [new TenantSpanProcessor(tenancy)] })
expectTypeOf(traceTenancy(tenancy, { scopes: true })).toEqualTypeOf<() => void>()
// @ts-expect-error there is no such option
traceTenancy(tenancy, { scope: true })
// @ts-expect-error by the name, or by the id
sqlComments(tenancy, { tenant: 'name' })

expectTypeOf(tenancyMetrics(tenancy, { register: new Registry() })).toEqualTypeOf<() => void>()
// @ts-expect-error it needs a registry
tenancyMetrics(tenancy, {})

expectTypeOf(tenancy.health()).resolves.toEqualTypeOf<HealthReport>()
// @ts-expect-error there are two probes
healthHandler(tenancy, { probe: 'alive' })

expectTypeOf(tenancy.usage.top({ by: 'rows' })).resolves.toEqualTypeOf<UsageReport>()
// @ts-expect-error there is no such counter
void tenancy.usage.top({ by: 'row' })
tenancy.on('usage.recorded', ({ records }) => expectTypeOf(records).toEqualTypeOf<readonly UsageRecord[]>())
createTenancy({ usage: { limit: ({ kind }) => (kind === 'free' ? 100 : undefined) } })
// @ts-expect-error a limit is a number
createTenancy({ usage: { limit: () => 'many' } })
