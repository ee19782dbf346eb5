/**
 * partywall/nest, for NestJS 11 and 12 on its platforms Express and Fastify, in projects of ES modules and of CommonJS. `TenancyModule` gives each request its tenant;
 * guards, interceptors, pipes, handlers and what they stream run in the tenant's scope.
 *
 * Not isolated by it: fields of singleton providers, `CacheInterceptor`, and handlers without a request (gateways, microservices, jobs).
 */
import '../../node-version.ts'

export type * from '../shared/adapter-types.ts'
export { memberOf } from '../shared/member-guard.ts'
export { tenantPath } from '../shared/request-mount.ts'
export { CurrentMember, CurrentTenant, RequireMember, RequireShared, RequireTenant, type GuardDecorator } from './decorators.ts'
export {
  InjectTenancy,
  TENANCY,
  TenancyModule,
  type ModuleTenancy,
  type TenancyModuleAsyncOptions,
  type TenancyModuleOptions,
} from './tenancy-module.ts'
export { RefusedRequest } from './refused-request.ts'
