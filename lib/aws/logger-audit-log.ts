import { type Logger } from '@aws-lambda-powertools/logger';
import { type AuditRecord } from '../audit/record.ts';
import { type AuditLog } from '../ports/audit-log.ts';

/** Writes each record as one structured log line, under `audit`: in Lambda that is CloudWatch Logs. */
export class LoggerAuditLog implements AuditLog {
  private readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  async append(record: AuditRecord): Promise<void> {
    this.logger.info(record.outcome ?? record.phase, { audit: record });
  }
}
