/**
 * partywall/http: the parts that an adapter for a web framework is made of. `partywall/express` is made of them, and so is the adapter for
 * node:http in docs/http.md.
 */
import '../node-version.ts'
export {
  createAdmission,
  type Admission,
  type AdmissionTenancy,
  type Admit,
  type Entering,
  type Passing,
  type Refusing,
} from './shared/admission.ts'
export type { AdmissionOptions, RefusalAnswers, RefusalPage, UnknownPolicy } from './shared/admission-options.ts'
export type { MaintenanceOptions } from './shared/maintenance-pass.ts'
export { certificateAsk, type CertificateAskOptions } from './shared/certificate-ask.ts'
export { bindBody, bindEvents, bindReadable, type ContextTenancy } from './shared/context.ts'
export { createCors, type CorsAnswer, type CorsOptions } from './shared/cors.ts'
export { nodeFacts, webFacts, type FactsOptions, type NodeRequest } from './shared/facts.ts'
export {
  createMemberGuard,
  guardRequest,
  memberOf,
  type Guarded,
  type MemberGuard,
  type MemberGuardOptions,
  type RequestMember,
  type SignedInUser,
  type UserOf,
} from './shared/member-guard.ts'
export { createSwitch, type Switched } from './shared/switch.ts'
export { healthAnswer, type HealthHandlerOptions, type HealthTenancy } from './shared/health.ts'
export { markErrors, markScope } from './shared/middleware-mark.ts'
export { primaryRedirect, type DomainsTenancy, type PrimaryRedirectOptions } from './shared/primary-redirect.ts'
export { problemAnswer, problemCodes, type HttpAnswer, type ProblemCode } from './shared/problem.ts'
export { anyErrorAnswer, errorAnswer, refusal, type RefusalOptions, type Refused } from './shared/refusal.ts'
export { noteMount, tenantPath, withoutMount } from './shared/request-mount.ts'
export { routedUrl } from './shared/routed-url.ts'
export type { HttpTenancy, MemberTenancy, SwitchTenancy } from '../ports/tenancy-like.ts'
