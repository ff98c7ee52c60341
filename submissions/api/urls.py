from django.urls import path

from submissions.api import check_views, identity_views, token_views, views

urlpatterns = [
    path("benchmarks/<slug:slug>/submissions/", views.SubmissionList.as_view(), name="api-submissions"),
    path("benchmarks/<slug:slug>/validate/", check_views.Validate.as_view(), name="api-validate"),
    path("submissions/<uuid:submission_id>/", views.SubmissionDetail.as_view(), name="api-submission"),
    path("submissions/<uuid:submission_id>/report/", views.SubmissionReport.as_view(), name="api-report"),
    path(
        "submissions/<uuid:submission_id>/problems/", views.SubmissionProblems.as_view(), name="api-problems"
    ),
    path("submissions/<uuid:submission_id>/publish/", views.SubmissionPublish.as_view(), name="api-publish"),
    path(
        "submissions/<uuid:submission_id>/withdraw/", views.SubmissionWithdraw.as_view(), name="api-withdraw"
    ),
    path("submissions/<uuid:submission_id>/choose/", views.SubmissionChoose.as_view(), name="api-choose"),
    path("submissions/<uuid:submission_id>/cancel/", views.SubmissionCancel.as_view(), name="api-cancel"),
    path("oidc/audience/", identity_views.Audience.as_view(), name="api-oidc-audience"),
    path("oidc/mint-token/", identity_views.MintToken.as_view(), name="api-oidc-mint-token"),
    path("token/", token_views.TokenDetail.as_view(), name="api-token"),
    path("token/rotate/", token_views.TokenRotate.as_view(), name="api-token-rotate"),
]
