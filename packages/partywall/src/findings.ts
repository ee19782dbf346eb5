/** What `partywall check` and `partywall doctor` report. The ids are in one list, so that none is given twice; a number is never used for another meaning. */

/** `check` has the numbers from 1 on, `doctor` those from 101 on. */
export const findingIds = [
  'PW-001',
  'PW-002',
  'PW-003',
  'PW-004',
  'PW-005',
  'PW-006',
  'PW-007',
  'PW-008',
  'PW-009',
  'PW-010',
  'PW-011',
  'PW-012',
  'PW-013',
  'PW-014',
  'PW-015',
  'PW-101',
  'PW-102',
  'PW-103',
  'PW-104',
  'PW-105',
  'PW-106',
  'PW-107',
  'PW-108',
  'PW-109',
  'PW-110',
  'PW-111',
  'PW-112',
  'PW-113',
  'PW-114',
  'PW-115',
  'PW-116',
  'PW-120',
  'PW-121',
  'PW-122',
  'PW-123',
  'PW-124',
  'PW-125',
  'PW-126',
  'PW-127',
  'PW-128',
  'PW-129',
  'PW-130',
  'PW-131',
  'PW-132',
  'PW-133',
  'PW-134',
  'PW-135',
  'PW-136',
  'PW-137',
  'PW-138',
  'PW-139',
  'PW-140',
] as const

export type FindingId = (typeof findingIds)[number]

/** `error`: a promise of the configuration does not hold, or the application cannot work. `warning`: it holds today. `info`: nothing to do. */
export type Severity = 'error' | 'warning' | 'info'

export interface Finding {
  readonly id: FindingId
  readonly severity: Severity
  /** What is wrong, the same for all findings of a check. */
  readonly title: string
  /** What was seen, without secrets and without rows. */
  readonly seen: string
  /** What to do. */
  readonly fix: string
  /** The schema of the tenant that it is about. */
  readonly tenant?: string
}

/** A finding without what its check says of itself. */
export type Observation = Omit<Finding, 'id' | 'title'>
