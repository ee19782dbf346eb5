/** What the page of health asks the server. */
import type { DoctorAnswer, HealthAnswer, MetricsAnswer } from '../../src/health/api.ts'
import { getJson, sendJson } from '../api/fetch.ts'

export const readHealth = () => getJson<HealthAnswer>('api/health')
export const readMetrics = () => getJson<MetricsAnswer>('api/health/metrics')
export const readDoctor = () => getJson<DoctorAnswer>('api/health/doctor')
export const callDoctor = () => sendJson<DoctorAnswer>('POST', 'api/health/doctor')
