/** What a guard throws to refuse a request. An HttpException, so that filters and interceptors of the application know it as one. */
import { HttpException } from '@nestjs/common'
import type { HttpAnswer } from '../shared/problem.ts'

/** `answer` is what the client gets: a problem document that is the same for every request that is refused for this reason. */
export class RefusedRequest extends HttpException {
  readonly answer: HttpAnswer

  constructor(answer: HttpAnswer) {
    super(JSON.parse(answer.body) as Record<string, unknown>, answer.status)
    this.answer = answer
  }
}
