/** partywall/prometheus: metrics of a tenancy for prom-client. A dashboard for Grafana is in the package, as dashboards/grafana.json. */
import '../../node-version.ts'
export { tenancyMetrics, type TenancyMetricsOptions } from './tenancy-metrics.ts'
export type { MeasuredTenancy, PoolNumbers } from './measured-tenancy.ts'
export type { FleetCounts, HealthReport } from '../health/health-report.ts'
