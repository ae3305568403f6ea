import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One change that somebody made, forever: the table refuses updates and deletes. Never holds a secret. */
@Entity({ name: 'audit_log' })
export class AuditLogEntity {
  /** UUIDv7. */
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;

  /** The user who did it; `null` where no user did, such as at start. */
  @Column({ name: 'actor_id', type: 'text', nullable: true })
  actorId!: string | null;

  /** The actor as people know it: an email, `bootstrap`, `cli:<user of the machine>`. */
  @Column({ name: 'actor_label', type: 'text' })
  actorLabel!: string;

  /** `plan.update`, `apiKey.revoke`. */
  @Column({ type: 'text' })
  action!: string;

  @Column({ name: 'subject_kind', type: 'text' })
  subjectKind!: string;

  @Column({ name: 'subject_id', type: 'text' })
  subjectId!: string;

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  before!: object | null;

  @Column({ type: 'jsonb', nullable: true })
  after!: object | null;
}

/** An entry’s row as it is made and passed on. */
export type AuditLogRow = Pick<AuditLogEntity, keyof AuditLogEntity>;
