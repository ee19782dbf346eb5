/** The types that the options of every adapter mention. */
export type { HttpTenancy, MemberTenancy } from '../../ports/tenancy-like.ts'
export type { AdmissionOptions, RefusalAnswers, RefusalPage, UnknownPolicy } from './admission-options.ts'
export type { MaintenanceOptions } from './maintenance-pass.ts'
export type { HttpAnswer } from './problem.ts'
export type { RefusalOptions, Refused } from './refusal.ts'
export type { TenantOfRequest } from './request-property.ts'
export type { RequestMember, SignedInUser, UserOf } from './member-guard.ts'
