from django.urls import path

from submissions.pages import (
    account,
    complaints,
    corrections,
    invitations,
    mail,
    notices,
    publishers,
    releases,
    submission,
    teams,
    upload,
    webhooks,
)

urlpatterns = [
    path("accounts/delete/", account.account_delete, name="account-delete"),
    path("teams/", teams.teams, name="teams"),
    path("teams/new/", teams.team_new, name="team-new"),
    path("teams/<slug:slug>/", teams.team, name="team"),
    path("teams/<slug:slug>/invite/", teams.team_invite, name="team-invite"),
    path(
        "teams/<slug:slug>/invitations/<int:invitation_id>/revoke/",
        teams.invitation_revoke,
        name="invitation-revoke",
    ),
    path("teams/<slug:slug>/archive/", teams.team_archive, name="team-archive"),
    path("teams/<slug:slug>/restore/", teams.team_restore, name="team-restore"),
    path("teams/<slug:slug>/leave/", teams.team_leave, name="team-leave"),
    path(
        "teams/<slug:slug>/members/<int:membership_id>/remove/",
        teams.team_remove_member,
        name="team-remove-member",
    ),
    path("teams/<slug:slug>/members/<int:membership_id>/role/", teams.team_role, name="team-role"),
    path(
        "teams/<slug:slug>/members/<int:membership_id>/hand-over/",
        teams.team_hand_over,
        name="team-hand-over",
    ),
    path("teams/<slug:slug>/tokens/", teams.token_new, name="token-new"),
    path("teams/<slug:slug>/tokens/<int:token_id>/revoke/", teams.token_revoke, name="token-revoke"),
    path("teams/<slug:slug>/tokens/<int:token_id>/rotate/", teams.token_rotate, name="token-rotate"),
    path("teams/<slug:slug>/publishers/", publishers.publisher_new, name="publisher-new"),
    path(
        "teams/<slug:slug>/publishers/<int:publisher_id>/remove/",
        publishers.publisher_remove,
        name="publisher-remove",
    ),
    path("teams/<slug:slug>/webhooks/", webhooks.webhook_new, name="webhook-new"),
    path("teams/<slug:slug>/webhooks/<int:webhook_id>/", webhooks.webhook, name="webhook"),
    path("teams/<slug:slug>/webhooks/<int:webhook_id>/ping/", webhooks.webhook_ping, name="webhook-ping"),
    path("teams/<slug:slug>/webhooks/<int:webhook_id>/pause/", webhooks.webhook_pause, name="webhook-pause"),
    path(
        "teams/<slug:slug>/webhooks/<int:webhook_id>/resume/", webhooks.webhook_resume, name="webhook-resume"
    ),
    path(
        "teams/<slug:slug>/webhooks/<int:webhook_id>/rotate/", webhooks.webhook_rotate, name="webhook-rotate"
    ),
    path(
        "teams/<slug:slug>/webhooks/<int:webhook_id>/remove/", webhooks.webhook_remove, name="webhook-remove"
    ),
    path(
        "teams/<slug:slug>/webhooks/<int:webhook_id>/messages/<int:delivery_id>/",
        webhooks.delivery,
        name="delivery",
    ),
    path(
        "teams/<slug:slug>/webhooks/<int:webhook_id>/messages/<int:delivery_id>/again/",
        webhooks.delivery_again,
        name="delivery-again",
    ),
    path("invitations/<slug:secret>/", invitations.invitation, name="invitation"),
    path("notices/", notices.notices, name="notices"),
    path("notices/mails/<str:token>/", notices.mails, name="mails"),
    path("mail/", mail.mail_list, name="mailbox"),
    path("mail/<slug:name>/", mail.mail_message, name="mail-message"),
    path("benchmarks/<slug:slug>/submit/", upload.upload, name="upload"),
    path("benchmarks/<slug:slug>/sample-answers.csv", upload.sample_answers, name="sample-answers"),
    path(
        "benchmarks/<slug:slug>/releases/<slug:digest>/rescore/",
        releases.release_rescore,
        name="release-rescore",
    ),
    path(
        "benchmarks/<slug:slug>/releases/<slug:digest>/publish/",
        releases.release_publish,
        name="release-publish",
    ),
    path(
        "benchmarks/<slug:slug>/releases/<slug:digest>/discard/",
        releases.release_discard,
        name="release-discard",
    ),
    path("entries/<uuid:entry_id>/correct/", corrections.entry_correct, name="entry-correct"),
    path("entries/<uuid:entry_id>/report/", complaints.entry_report, name="entry-report"),
    path("submissions/<uuid:submission_id>/", submission.submission, name="submission"),
    path("submissions/<uuid:submission_id>/state/", submission.submission_state, name="submission-state"),
    path(
        "submissions/<uuid:submission_id>/problems.csv",
        submission.submission_problems,
        name="submission-problems",
    ),
    path(
        "submissions/<uuid:submission_id>/answers/", submission.submission_answers, name="submission-answers"
    ),
    path(
        "submissions/<uuid:submission_id>/publish/", submission.submission_publish, name="submission-publish"
    ),
    path(
        "submissions/<uuid:submission_id>/withdraw/",
        submission.submission_withdraw,
        name="submission-withdraw",
    ),
    path("submissions/<uuid:submission_id>/cancel/", submission.submission_cancel, name="submission-cancel"),
    path("submissions/<uuid:submission_id>/choose/", submission.submission_choose, name="submission-choose"),
]
